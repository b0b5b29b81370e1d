import type { Field } from './tree.ts';

/** The first field with this name, in the order of the tree; not looked for inside the packet that an ICMP error quotes. */
export function findField(fields: readonly Field[], name: string): Field | undefined {
  for (const field of fields) {
    if (field.name === name) return field;
    const inside = findField(
      field.children.filter((child) => !('layer' in child)),
      name,
    );
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** What a field inside `field` says; empty when it is not there. */
export function textOf(field: Field | undefined, name: string): string {
  return field === undefined ? '' : (findField([field], name)?.text ?? '');
}

/** The number of a field inside `field`; 0 when it is not there. */
export function numberOf(field: Field, name: string): number {
  const value = findField([field], name)?.value;
  return typeof value === 'number' ? value : 0;
}
