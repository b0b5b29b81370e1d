/** How `netstat -s` says a counter: the words after the number; with `always` also when it is 0. */
export interface Phrase {
  readonly words: string;
  readonly always?: boolean;
  /** A line of a histogram: the words come first, and the line is indented once more. */
  readonly histogram?: 'ICMP input histogram' | 'ICMP output histogram';
}

export const count = (words: string): Phrase => ({ words });
export const always = (words: string): Phrase => ({ words, always: true });
export const received = (words: string): Phrase => ({ words, histogram: 'ICMP input histogram' });
export const sent = (words: string): Phrase => ({ words, histogram: 'ICMP output histogram' });
