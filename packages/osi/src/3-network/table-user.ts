/** Who asks a table of addresses or routes. */
export interface TableUser {
  /** A table has changed: what was looked up before may be wrong. */
  tableChanged(): void;
}
