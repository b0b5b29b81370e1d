import { read, write } from './storage.ts';
import { type Theme, useGlass } from './store.ts';

const KEY = 'netarium.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function apply(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && system.matches);
  document.documentElement.classList.toggle('dark', dark);
  useGlass.setState({ theme, dark });
}

/** Shows the page as it was chosen here before; else as the system is. */
export function followTheme(): void {
  const chosen = read(KEY);
  apply(chosen === 'light' || chosen === 'dark' ? chosen : 'system');
  system.addEventListener('change', () => apply(useGlass.getState().theme));
}

export function setTheme(theme: Theme): void {
  write(KEY, theme);
  apply(theme);
}
