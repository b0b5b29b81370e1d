/** The languages that explanations are written in. */
export type Language = 'en' | 'ko';
export type Text = Readonly<Record<Language, string>>;
