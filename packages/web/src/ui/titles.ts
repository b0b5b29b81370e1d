import type { BundledLab } from '../labs.ts';

/** A lab's title in a language, read from its file without loading it. */
export function labTitle(lab: BundledLab, language: string): string {
  const text = lab.files['lab.yaml'] ?? lab.files['lab.yml'] ?? '';
  const inLanguage = new RegExp(`^title:\\s*\\n(?:\\s+\\w+:.*\\n)*?\\s+${language}:\\s*(.+)$`, 'm').exec(text)?.[1];
  const plain = /^title:[ \t]*(\S.*)$/m.exec(text)?.[1];
  return (inLanguage ?? plain ?? lab.id).replace(/^["']|["']$/g, '');
}
