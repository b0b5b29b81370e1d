import type { LabFiles } from './protocol.ts';

/** A lab that comes with the page. */
export interface BundledLab {
  /** Its folder below `labs/`: `echo`. */
  readonly id: string;
  readonly files: LabFiles;
}

const texts = import.meta.glob<string>('../../../labs/**/*.{yaml,yml,json,md,py,txt}', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Every folder of `labs/` that has a lab file, with the files in it. */
export const bundledLabs: readonly BundledLab[] = collect();

function collect(): BundledLab[] {
  const paths = Object.entries(texts).map(([path, text]) => [path.replace(/^.*?[/]labs[/]/, ''), text] as const);
  const folders = paths.filter(([path]) => /[/]lab[.]ya?ml$/.test(path)).map(([path]) => path.slice(0, path.lastIndexOf('/')));
  return folders.sort().map((id) => ({
    id,
    files: Object.fromEntries(
      paths.filter(([path]) => path.startsWith(`${id}/`)).map(([path, text]) => [path.slice(id.length + 1), text]),
    ),
  }));
}
