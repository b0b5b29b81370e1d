/** Marks parts of a text; without colours each is the identity. */
export interface Style {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
  /** One of a few well-distinguished colours, for machines. */
  readonly hue: (index: number, text: string) => string;
}

const HUES = [36, 33, 35, 32, 34];
const sgr = (code: number) => (text: string) => (text === '' ? '' : `\x1b[${code}m${text}\x1b[0m`);
const same = (text: string) => text;

/** Colours, if they are wanted: on a terminal, unless NO_COLOR is set to something (no-color.org). */
export function styleFor(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  if (!isTTY || (env.NO_COLOR ?? '') !== '')
    return { dim: same, bold: same, red: same, hue: (_, text) => text };
  return {
    dim: sgr(2),
    bold: sgr(1),
    red: sgr(31),
    hue: (index, text) => sgr(HUES[index % HUES.length] ?? 36)(text),
  };
}
