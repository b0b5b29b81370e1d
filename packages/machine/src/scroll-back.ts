/** How many characters are kept at least; up to twice as many are. */
const KEPT = 1024 * 1024;

/** What was put on a screen: all of it, or as much of the end as a person might look at, and how much is not there any more. */
export class ScrollBack {
  #text = '';
  #dropped = 0;

  /** @param text with `\n` or `\r\n` at line ends. */
  add(text: string): void {
    this.#text += text;
    if (this.#text.length <= 2 * KEPT) return;
    const cut = this.#text.length - KEPT;
    // In the middle of a line that is longer than everything else, if need be.
    const end = this.#text.indexOf('\n', cut) + 1 || cut;
    for (let at = this.#text.indexOf('\n'); at >= 0 && at < end; at = this.#text.indexOf('\n', at + 1))
      this.#dropped++;
    this.#text = this.#text.slice(end);
  }

  /** With `\n` at line ends. */
  get text(): string {
    const text = this.#text.replaceAll('\r\n', '\n');
    return this.#dropped === 0 ? text : `[${this.#dropped} lines are no longer kept]\n${text}`;
  }
}
