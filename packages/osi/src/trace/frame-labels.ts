/** What many frames have in common: the node and the port that they were sent or received by, and why they were sent. */
export interface FrameLabel {
  readonly node: string;
  readonly port: string;
  readonly reason: string;
  readonly number: number;
}

/** Numbers for them; mostly one frame has that of the frame before. */
export class FrameLabels {
  readonly #labels: FrameLabel[] = [];
  readonly #numbers = new Map<string, Map<string, Map<string, FrameLabel>>>();
  #latest: FrameLabel = { node: '', port: '', reason: '', number: -1 };

  numberOf(node: string, port: string, reason: string): number {
    const { node: latestNode, port: latestPort, reason: latestReason, number } = this.#latest;
    if (number >= 0 && node === latestNode && port === latestPort && reason === latestReason) return number;
    let ports = this.#numbers.get(node);
    if (ports === undefined) this.#numbers.set(node, (ports = new Map()));
    let reasons = ports.get(port);
    if (reasons === undefined) ports.set(port, (reasons = new Map()));
    let label = reasons.get(reason);
    if (label === undefined) {
      label = { node, port, reason, number: this.#labels.length };
      this.#labels.push(label);
      reasons.set(reason, label);
    }
    this.#latest = label;
    return label.number;
  }

  label(number: number): FrameLabel {
    const label = this.#labels[number];
    if (label === undefined) throw new RangeError(`no frame has the label ${number}`);
    return label;
  }
}
