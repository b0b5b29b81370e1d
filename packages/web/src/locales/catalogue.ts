import type { en } from './en.ts';

type Texts<T> = { readonly [K in keyof T]: T[K] extends string ? string : Texts<T[K]> };

/** The keys of the English catalogue; every language has all of them. */
export type Catalogue = Texts<typeof en>;
