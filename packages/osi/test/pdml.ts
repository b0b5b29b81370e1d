/** A `proto` or `field` element of PDML, tshark's XML of what it read. */
export interface Element {
  readonly name: string;
  readonly showname: string;
  readonly show: string;
  /** The bytes, or the masked bits, in hexadecimal. */
  readonly value: string;
  /** The bytes that the bits are a part of; undefined for whole bytes. */
  readonly unmasked: string | undefined;
  readonly pos: number;
  readonly size: number;
  readonly hidden: boolean;
  readonly children: Element[];
}

const TAG = /<(\/?)(packet|proto|field)\b([^>]*?)(\/?)>/g;
const ATTRIBUTE = /([\w-]+)="([^"]*)"/g;

/** The packets of a PDML document, each an element of its protocols. */
export function readPdml(text: string): Element[] {
  const packets: Element[] = [];
  const open: Element[] = [];
  for (const [, closing, kind, attributes, alone] of text.matchAll(TAG)) {
    if (closing === '/') {
      open.pop();
      continue;
    }
    const element = elementOf(attributes ?? '');
    const parent = open.at(-1);
    if (kind === 'packet') packets.push(element);
    else parent?.children.push(element);
    if (alone !== '/') open.push(element);
  }
  return packets;
}

function elementOf(text: string): Element {
  const attributes = new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, decode(value ?? '')]),
  );
  return {
    name: attributes.get('name') ?? '',
    showname: attributes.get('showname') ?? attributes.get('show') ?? '',
    show: attributes.get('show') ?? '',
    value: attributes.get('value') ?? '',
    unmasked: attributes.get('unmaskedvalue'),
    pos: Number(attributes.get('pos') ?? 0),
    size: Number(attributes.get('size') ?? 0),
    hidden: attributes.get('hide') === 'yes',
    children: [],
  };
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hexadecimal, decimal, name) => {
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}
