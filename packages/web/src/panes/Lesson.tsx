import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useGlass } from '../store.ts';

/** The lab's text for those who work through it: `lesson.ko.md`, or `lesson.md` for every other language. */
export function Lesson() {
  const { i18n } = useTranslation();
  const text = useGlass((state) => lessonOf(state.files, i18n.language));
  return (
    <article className="pane lesson" lang={i18n.language}>
      {blocksOf(text ?? '').map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the text of a lesson does not change
        <Block key={i} block={block} />
      ))}
    </article>
  );
}

export const lessonOf = (files: Readonly<Record<string, string>>, language: string): string | undefined =>
  files[`lesson.${language}.md`] ?? files['lesson.md'];

/** The part of Markdown that lessons use: headings, paragraphs, lists of one level, code; `**strong**` and `` `code` `` in lines. */
type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly string[] }
  | { readonly kind: 'code'; readonly text: string };

function blocksOf(markdown: string): Block[] {
  const fenced = markdown.split(/^```.*$/m);
  return fenced.flatMap((part, i): Block[] =>
    i % 2 === 1
      ? [{ kind: 'code', text: part.replace(/^\n|\n$/g, '') }]
      : part
          .split(/\n{2,}/)
          .map((block) => block.trim())
          .filter((block) => block !== '')
          .map(blockOf),
  );
}

function blockOf(text: string): Block {
  const heading = /^(#{1,4}) +(.*)$/.exec(text);
  if (heading !== null) return { kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' };
  const marker = /^(?:([-*])|\d+[.]) +/.exec(text);
  const joined = text.replace(/\n {2,}(?![-*\d])/g, ' ');
  if (marker === null) return { kind: 'paragraph', text: text.replaceAll('\n', ' ') };
  const items = joined.split('\n').map((line) => line.replace(/^\s*(?:[-*]|\d+[.]) +/, ''));
  return { kind: 'list', ordered: marker[1] === undefined, items };
}

function Block({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'heading':
      return block.level === 1 ? <h2>{inline(block.text)}</h2> : <h3>{inline(block.text)}</h3>;
    case 'paragraph':
      return <p>{inline(block.text)}</p>;
    case 'code':
      return <pre className="mono">{block.text}</pre>;
    case 'list': {
      const items = block.items.map((item) => <li key={item}>{inline(item)}</li>);
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
  }
}

function inline(text: string): ReactNode {
  return text.split(/(\*\*.+?\*\*|`[^`]+`)/).map((part, i) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the text of a lesson does not change
    if (part.startsWith('**')) return <strong key={i}>{inline(part.slice(2, -2))}</strong>;
    // biome-ignore lint/suspicious/noArrayIndexKey: the same
    if (part.startsWith('`')) return <code key={i}>{part.slice(1, -1)}</code>;
    // biome-ignore lint/suspicious/noArrayIndexKey: the same
    return <Fragment key={i}>{part}</Fragment>;
  });
}
