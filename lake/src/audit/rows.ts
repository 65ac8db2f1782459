/** The kinds of column. */
const arrays = { u16: Uint16Array, u32: Uint32Array, f64: Float64Array };

/** How a column holds its numbers. */
export type Kind = keyof typeof arrays;

/** The array of a kind. */
export type ArrayOf<Of extends Kind> = Of extends 'u16' ? Uint16Array : Of extends 'u32' ? Uint32Array : Float64Array;

/** The columns of a table, by name. */
export type Kinds = Readonly<Record<string, Kind>>;

/** The arrays of a table. */
export type Arrays<Of extends Kinds> = { [Name in keyof Of]: ArrayOf<Of[Name]> };

/** Makes one array a column, over `buffer` from `offset` on when it is given. */
export function makeArray<Of extends Kind>(kind: Of, length: number, buffer?: ArrayBuffer, offset = 0): ArrayOf<Of> {
  const made = buffer ? new arrays[kind](buffer, offset, length) : new arrays[kind](length);
  return made as ArrayOf<Of>;
}

/** Bytes that a column of so many numbers takes, rounded up so that any column can follow. */
export const bytesOf = (kind: Kind, length: number): number => (arrays[kind].BYTES_PER_ELEMENT * length + 7) & ~7;

const leastRows = 64;

/** A table of numbers that grows: an array a column, whose first `length` values count. */
export class Columns<Of extends Kinds> {
  length = 0;
  readonly kinds: Of;
  at: Arrays<Of>;

  constructor(kinds: Of) {
    this.kinds = kinds;
    this.at = this.make(leastRows);
  }

  /** Room for more rows: the number of the first. */
  add(rows = 1): number {
    const first = this.length;
    this.length += rows;
    for (const name in this.kinds) {
      if (this.at[name].length >= this.length) return first;
      break;
    }
    const old = this.at;
    this.at = this.make(Math.max(this.length, first * 2));
    for (const name in this.kinds) (this.at[name] as Float64Array).set((old[name] as Float64Array).subarray(0, first));
    return first;
  }

  /** Forgets the rows from `length` on. */
  cut(length: number): void {
    this.length = length;
  }

  private make(rows: number): Arrays<Of> {
    const made = Object.entries(this.kinds).map(([name, kind]) => [name, makeArray(kind, rows)]);
    return Object.fromEntries(made) as Arrays<Of>;
  }
}
