/** What only a shell can do, with the name to say it by. */
const SHELL_ONLY: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/[|]/, 'pipes'],
  [/[<>]/, 'redirections'],
  [/[;&]/, 'several commands in a line'],
  [/[$`]/, 'variables and substitutions'],
  [/[*?]/, 'wildcards'],
];

/**
 * Splits a command line into words: blanks separate, `'…'` and `"…"` hold together, `\` takes the next character as it is.
 *
 * @throws Error for an open quote and for what needs a shell.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (c === quote) {
      quote = '';
    } else if (c === '\\' && quote !== "'") {
      word = (word ?? '') + (line[++i] ?? '');
    } else if (quote !== '') {
      word = (word ?? '') + c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= '';
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      const needsShell = SHELL_ONLY.find(([pattern]) => pattern.test(c));
      if (needsShell !== undefined) throw new Error(`there is no shell yet, so no ${needsShell[1]}: ${line}`);
      word = (word ?? '') + c;
    }
  }
  if (quote !== '') throw new Error(`a quote (${quote}) is not closed: ${line}`);
  if (word !== null) words.push(word);
  return words;
}
