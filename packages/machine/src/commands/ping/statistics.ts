/** What `ping` counts and says at its end. Times in nanoseconds. */
export class PingStatistics {
  transmitted = 0;
  received = 0;
  errors = 0;
  longest = 0;
  #duplicates = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #sum = 0;
  #squares = 0;
  /** The highest sequence number answered, and how many requests were on their way at once. */
  #answered = 0;
  #pipe = 0;

  /** A request was sent: how many are on their way? */
  noteOutstanding(sequence: number): void {
    this.#pipe = Math.max(this.#pipe, sequence - this.#answered);
  }

  noteReply(sequence: number, took: number, duplicate: boolean): void {
    if (duplicate) this.#duplicates++;
    else this.received++;
    this.#answered = Math.max(this.#answered, sequence);
    this.#shortest = Math.min(this.#shortest, took);
    this.longest = Math.max(this.longest, took);
    this.#sum += took;
    this.#squares += took * took;
  }

  /** The lines after Ctrl-C or the last reply. @param lasted from the first request to the last. */
  text(host: string, lasted: number): string {
    const { transmitted, received, errors } = this;
    let text = `\n--- ${host} ping statistics ---\n`;
    text += `${transmitted} packets transmitted, ${received} received`;
    if (this.#duplicates > 0) text += `, +${this.#duplicates} duplicates`;
    if (errors > 0) text += `, +${errors} errors`;
    if (transmitted > 0) {
      const loss = ((transmitted - received) * 100) / transmitted;
      text += `, ${Number(loss.toPrecision(6))}% packet loss, time ${Math.round(lasted / 1e6)}ms`;
    }
    text += '\n';
    const parts: string[] = [];
    if (received > 0) {
      const count = received + this.#duplicates;
      const mean = this.#sum / count;
      const deviation = Math.sqrt(Math.max(this.#squares / count - mean * mean, 0));
      const times = [this.#shortest, mean, this.longest, deviation].map((ns) => (ns / 1e6).toFixed(3));
      parts.push(`rtt min/avg/max/mdev = ${times.join('/')} ms`);
    }
    if (this.#pipe > 1) parts.push(`pipe ${this.#pipe}`);
    return `${text}${parts.join(', ')}\n`;
  }
}

/** A round trip in milliseconds with the three digits that count, as ping prints it: `0.045`, `1.23`, `12.3`, `123`. */
export function roundTripText(ns: number): string {
  const microseconds = Math.floor(ns / 1000);
  if (microseconds >= 99_950) return String(Math.round(microseconds / 1000));
  if (microseconds >= 9_995) return (Math.round(microseconds / 100) / 10).toFixed(1);
  if (microseconds >= 1000) return (Math.round(microseconds / 10) / 100).toFixed(2);
  return (microseconds / 1000).toFixed(3);
}
