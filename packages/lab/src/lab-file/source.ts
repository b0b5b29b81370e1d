import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { LabError, type Problem } from './problem.ts';

/** A way into a YAML document: keys and indices, from the root. */
export type Way = readonly (string | number)[];

/** A YAML text that parsed, with the position of everything in it. */
export class YamlSource {
  readonly path: string;
  /** The whole as plain values. */
  readonly value: unknown;
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #lines = new LineCounter();

  /** @param path what messages call it. @throws LabError when the text is not YAML. */
  constructor(path: string, text: string) {
    this.path = path;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true });
    const [error] = this.#document.errors;
    if (error !== undefined) {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      const what = error.message.split('\n')[0] ?? '';
      throw new LabError([{ path, line, column: col, message: `not YAML: ${what}` }]);
    }
    this.value = this.#document.toJS();
  }

  /** A problem with the value at `way`, or with its key. The root's problems are those of line 1. */
  problem(way: Way, message: string, on: 'value' | 'key' = 'value'): Problem {
    const offset = (on === 'key' ? this.#keyOffset(way) : undefined) ?? this.#valueOffset(way);
    const { line, col } = this.#lines.linePos(offset);
    return { path: this.path, line: Math.max(1, line), column: Math.max(1, col), message };
  }

  #valueOffset(way: Way): number {
    for (let n = way.length; n > 0; n--) {
      const start = this.#nodeAt(way.slice(0, n))?.range?.[0];
      if (start !== undefined) return start;
    }
    return this.#document.contents?.range?.[0] ?? 0;
  }

  #keyOffset(way: Way): number | undefined {
    const parent = this.#nodeAt(way.slice(0, -1));
    const key = isMap(parent) ? pairOf(parent, way.at(-1))?.key : undefined;
    return isScalar(key) ? key.range?.[0] : undefined;
  }

  #nodeAt(way: Way): Node | null | undefined {
    let node: unknown = this.#document.contents;
    for (const key of way) {
      if (isMap(node)) node = pairOf(node, key)?.value;
      else if (isSeq(node)) node = node.items[Number(key)];
      else return undefined;
    }
    return isNode(node) ? node : undefined;
  }
}

/** By its text: a key that YAML takes for a number is a name all the same. */
const pairOf = (map: YAMLMap, key: unknown): Pair | undefined =>
  map.items.find((item: Pair) => isScalar(item.key) && String(item.key.value) === String(key));
