import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const colours = (dark: boolean) =>
  dark
    ? {
        keyword: '#c99bff',
        string: '#8fd694',
        number: '#f2b26b',
        comment: '#7f8ca3',
        name: '#7fb2ff',
        definition: '#ffd27a',
        constant: '#f58fa8',
      }
    : {
        keyword: '#8230c9',
        string: '#1b7a3d',
        number: '#b35a00',
        comment: '#77829a',
        name: '#1c56c4',
        definition: '#8a5a00',
        constant: '#b0244f',
      };

/** How code looks, in the page's colours. */
export function appearance(dark: boolean): Extension {
  const c = colours(dark);
  return [
    EditorView.theme(
      {
        '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'var(--panel)', color: 'var(--ink)' },
        '&.cm-focused': { outline: 'none' },
        '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
        '.cm-content': { caretColor: 'var(--accent)', padding: '6px 0' },
        '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--ink-3)', border: 'none' },
        '.cm-lineNumbers .cm-gutterElement': { padding: '0 8px 0 4px', minWidth: '26px' },
        '.cm-gutters .cm-foldGutter': { display: 'none !important' },
        '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
        '&.cm-focused .cm-activeLine': {
          backgroundColor: 'color-mix(in srgb, var(--accent) 5%, transparent)',
        },
        '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
          backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent) !important',
        },
        '.cm-cursor': { borderLeftColor: 'var(--accent)' },
        '.cm-matchingBracket': {
          backgroundColor: 'var(--panel-3) !important',
          outline: '1px solid var(--line-2)',
        },
        '.cm-panels': { backgroundColor: 'var(--panel-2)', color: 'var(--ink)' },
        '.cm-tooltip': {
          backgroundColor: 'var(--panel)',
          border: '1px solid var(--line-2)',
          color: 'var(--ink)',
        },
      },
      { dark },
    ),
    syntaxHighlighting(
      HighlightStyle.define([
        { tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword], color: c.keyword },
        { tag: [tags.string, tags.special(tags.string)], color: c.string },
        { tag: tags.number, color: c.number },
        { tag: tags.comment, color: c.comment, fontFamily: 'var(--mono)' },
        { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: c.name },
        { tag: [tags.definition(tags.variableName), tags.className], color: c.definition },
        { tag: [tags.bool, tags.null, tags.constant(tags.name)], color: c.constant },
      ]),
    ),
  ];
}
