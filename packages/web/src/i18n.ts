import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Catalogue } from './locales/catalogue.ts';
import { en } from './locales/en.ts';
import { ko } from './locales/ko.ts';
import { read, write } from './storage.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: Catalogue };
    returnNull: false;
  }
}

export type Language = 'en' | 'ko';
const KEY = 'netarium.language';

/** The language that was chosen here before; else the browser's, English where it is neither. */
function preferred(): Language {
  const chosen = read(KEY);
  if (chosen === 'en' || chosen === 'ko') return chosen;
  return navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

export async function startTranslation(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, ko: { translation: ko } },
    lng: preferred(),
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = i18next.language;
}

export async function setLanguage(language: Language): Promise<void> {
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  write(KEY, language);
}
