import { describe } from 'vitest';
import { whyNoKernel } from './namespace.ts';

/** Tests that meet a real kernel; skipped where there can be none, with the reason. */
export function describeKernel(title: string, tests: () => void, programs: readonly string[] = []): void {
  const missing = whyNoKernel(['ip', 'ping', 'python3', 'tshark', ...programs]);
  if (missing === null) {
    describe(title, tests);
    return;
  }
  // The reporter does not print titles of what is skipped.
  console.warn(`skipped: ${title}: ${missing}`);
  describe.skip(`${title} (skipped: ${missing})`, tests);
}
