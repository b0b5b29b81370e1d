import { describe } from 'vitest';
import { whyNoKernel } from './namespace.ts';

/** Tests that meet a real kernel; skipped where there can be none, with the reason in the title. */
export function describeKernel(title: string, tests: () => void, programs: readonly string[] = []): void {
  const missing = whyNoKernel(['ip', 'ping', 'python3', 'tshark', ...programs]);
  if (missing === null) describe(title, tests);
  else describe.skip(`${title} (skipped: ${missing})`, tests);
}
