/** What the name of a VLAN's interface says, `eth0.10`: the interface it is a VLAN of, and which. Null for other names. */
export function vlanInterface(name: string): { readonly parent: string; readonly vlan: number } | null {
  const [, parent, digits] = /^([^.]+)[.]([1-9][0-9]*)$/.exec(name) ?? [];
  return parent === undefined ? null : { parent, vlan: Number(digits) };
}
