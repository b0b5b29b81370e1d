/**
 * Splits a command line into words as a shell would, with '…' and "…" quoting and backslashes, and nothing
 * else of a shell: no variables, pipes or wildcards. @returns null when a quote is not closed.
 */
export function splitCommand(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"' && /["\\]/.test(text[i + 1] ?? '')) word += text[++i] as string;
      else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + (c === '\\' ? (text[++i] ?? '') : c);
    }
  }
  if (quote !== '') return null;
  if (word !== null) words.push(word);
  return words;
}
