import type { LabFiles } from './protocol.ts';

/** A lab that comes with the page. A folder with several lab files holds as many labs: the lesson's and its exercises. */
export interface BundledLab {
  /** `echo` for `labs/echo/lab.yaml`, `echo/too-early` for `labs/echo/too-early.yaml`. */
  readonly id: string;
  /** Its lab file in the folder: `lab.yaml`. */
  readonly file: string;
  /** All files of the folder. */
  readonly files: LabFiles;
}

const texts = import.meta.glob<string>('../../../labs/**/*.{yaml,yml,json,md,py,txt}', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The lab that the page opens with: the first lecture's. The others follow by name. */
const FIRST = 'echo';

export const bundledLabs: readonly BundledLab[] = collect();

function collect(): BundledLab[] {
  const paths = Object.entries(texts).map(
    ([path, text]) => [path.replace(/^.*?[/]labs[/]/, ''), text] as const,
  );
  const folders = paths.flatMap(([path]) =>
    path.endsWith('/lab.yaml') ? [path.slice(0, -'/lab.yaml'.length)] : [],
  );
  const later = (folder: string) => (folder === FIRST ? 0 : 1);
  return folders
    .sort((a, b) => later(a) - later(b) || a.localeCompare(b, 'en'))
    .flatMap((folder) => {
      const files = Object.fromEntries(
        paths
          .filter(([path]) => path.startsWith(`${folder}/`))
          .map(([path, text]) => [path.slice(folder.length + 1), text]),
      );
      const others = Object.keys(files).filter((path) => /^[^/]+[.]ya?ml$/.test(path) && path !== 'lab.yaml');
      return ['lab.yaml', ...others.sort()].map((file) => ({
        id: file === 'lab.yaml' ? folder : `${folder}/${file.replace(/[.]ya?ml$/, '')}`,
        file,
        files,
      }));
    });
}

/** A lab's title in a language, read from its file without loading it. */
export function labTitle({ id, file, files }: BundledLab, language: string): string {
  const text = files[file] ?? '';
  const inLanguage = new RegExp(`^title:\\s*\\n(?:\\s+\\w+:.*\\n)*?\\s+${language}:\\s*(.+)$`, 'm').exec(
    text,
  )?.[1];
  const plain = /^title:[ \t]*(\S.*)$/m.exec(text)?.[1];
  return (inLanguage ?? plain ?? id).replace(/^["']|["']$/g, '');
}
