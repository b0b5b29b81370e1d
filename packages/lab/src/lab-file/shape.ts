import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import schema from '../../lab.schema.json' with { type: 'json' };
import { list, type Problem, suggestion } from './problem.ts';
import type { Way, YamlSource } from './source.ts';

const ajv = new Ajv2020({ allErrors: true, verbose: true, discriminator: true, allowUnionTypes: true });
ajv.addKeyword({ keyword: 'errorMessage', schemaType: 'string' });
const validate = ajv.compile(schema);

/** What the JSON Schema has against a lab file, in words, in the order of the file. */
export function shapeProblems(source: YamlSource): Problem[] {
  if (typeof source.value !== 'object' || source.value === null || Array.isArray(source.value)) {
    return [
      source.problem(
        [],
        `not a lab: expected a mapping with "name" and "topology", found ${article(source.value)}`,
      ),
    ];
  }
  if (validate(source.value)) return [];
  return (validate.errors ?? [])
    .map((error) => problemOf(source, error))
    .filter(
      (problem, i, all) =>
        all.findIndex((p) => p.line === problem.line && p.message === problem.message) === i,
    )
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

function problemOf(source: YamlSource, error: ErrorObject): Problem {
  const way = wayOf(error.instancePath, source.value);
  const rule = error.parentSchema as { errorMessage?: string; type?: string | string[]; properties?: object };
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = String(params.additionalProperty);
      const known = Object.keys(rule.properties ?? {});
      return source.problem(
        [...way, field],
        `unknown field "${field}" in ${place(way)}${suggestion(field, known)}`,
        'key',
      );
    }
    case 'required':
      return source.problem(way, `${place(way)} has no "${String(params.missingProperty)}"`, 'key');
    case 'discriminator':
      return params.error === 'tag'
        ? source.problem(way, `${place(way)} has no "kind"; expected ${list(KINDS)}`, 'key')
        : source.problem(
            [...way, 'kind'],
            `unknown kind ${quote(params.tagValue)} of ${place(way)}${suggestion(String(params.tagValue), KINDS)}`,
          );
    case 'minItems':
    case 'maxItems':
      return source.problem(
        way,
        `${place(way)}: expected two, one for each end, found ${lengthOf(error.data)}`,
      );
    case 'minProperties':
      return source.problem(way, `${place(way)}: there is nothing in it`);
    default: {
      const expected = rule.errorMessage ?? article(undefined, rule.type);
      return source.problem(way, `${place(way)}: expected ${expected}, found ${quote(error.data)}`);
    }
  }
}

const KINDS = ['host', 'router', 'switch', 'hub'];

/** `/topology/links/0` as keys, with indices as numbers. */
function wayOf(pointer: string, root: unknown): Way {
  let value = root;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(value) ? Number(name) : name;
      value = (value as Record<string | number, unknown>)[key];
      return key;
    });
}

/** A place in a lab file in words: `node "client"`, `delay of link 2`. Lists are counted from 1. */
export function place(way: Way): string {
  const [first, second, third, ...rest] = way;
  if (first === undefined) return 'the lab';
  if (first !== 'topology' || second === undefined) return `"${way.join('.')}"`;
  if (third === undefined) return `"${second}"`;
  const whole = second === 'nodes' ? `node "${third}"` : `link ${Number(third) + 1}`;
  if (rest.length === 0) return whole;
  const inside = rest.map((key) => (typeof key === 'number' ? `${key + 1}` : key)).join(' ');
  return `${inside} of ${whole}`;
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function quote(value: unknown): string {
  if (value === null || typeof value === 'object') return article(value);
  return typeof value === 'string' ? `"${value}"` : String(value);
}

const WORDS: Record<string, string> = {
  string: 'a text',
  object: 'a mapping',
  array: 'a list',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
};

/** A value's kind, or a schema's types, as words: `a list`, `a text or a mapping`. */
function article(value: unknown, types?: string | string[]): string {
  if (types !== undefined) return list([types].flat().map((type) => WORDS[type] ?? type));
  if (value === null || value === undefined) return 'nothing';
  return WORDS[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}
