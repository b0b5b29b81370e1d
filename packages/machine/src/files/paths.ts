/** Makes a path absolute and normal: no `.`, `..`, double or trailing slash. @param cwd an absolute path. */
export function absolute(path: string, cwd: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The directory a normal absolute path is in, and its name there. */
export function split(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { directory: slash === 0 ? '/' : path.slice(0, slash), name: path.slice(slash + 1) };
}

/** The last part of any path. */
export const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
