/** Reads something kept in this browser; null where nothing may be kept. */
export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A page opened from a file, or private browsing: it is then kept as long as the page is open.
  }
}
