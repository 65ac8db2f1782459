const chunkBits = 15;
const chunkRows = 1 << chunkBits;

/** The kinds of column. */
const arrays = { u16: Uint16Array, u32: Uint32Array, f64: Float64Array };
type Kind = keyof typeof arrays;

/** Columns on their way from a worker. */
export interface PackedColumns<Name extends string> {
  length: number;
  chunks: Record<Name, Uint16Array | Uint32Array | Float64Array>[];
}

/** Columns of numbers in chunks: they grow without a copy, and a worker hands them over as they are. */
export class Columns<Name extends string> {
  length = 0;
  readonly chunks: Record<Name, Uint16Array | Uint32Array | Float64Array>[] = [];
  private readonly kinds: Record<Name, Kind>;

  constructor(kinds: Record<Name, Kind>) {
    this.kinds = kinds;
  }

  /** Room for one more row: its number. */
  add(): number {
    if (this.length === this.chunks.length << chunkBits) {
      const made = Object.entries<Kind>(this.kinds).map(([name, kind]) => [name, new arrays[kind](chunkRows)]);
      this.chunks.push(Object.fromEntries(made));
    }
    return this.length++;
  }

  set(name: Name, row: number, value: number): void {
    this.chunks[row >>> chunkBits]![name][row & (chunkRows - 1)] = value;
  }

  get(name: Name, row: number): number {
    return this.chunks[row >>> chunkBits]![name][row & (chunkRows - 1)]!;
  }

  /** Takes over rows of a worker; `change` makes a column's values those of here. */
  append(packed: PackedColumns<Name>, change: Partial<Record<Name, (value: number) => number>>): void {
    const names = Object.keys(this.kinds) as Name[];
    for (let from = 0; from < packed.length; from += chunkRows) {
      // Gone from there when it is here, so that only one chunk is there twice.
      const chunk = packed.chunks.shift()!;
      const rows = Math.min(chunkRows, packed.length - from);
      const first = this.length;
      for (let row = 0; row < rows; row++) this.add();
      for (const name of names) {
        const values = chunk[name];
        const changed = change[name];
        if (changed) for (let row = 0; row < rows; row++) this.set(name, first + row, changed(values[row]!));
        else {
          const at = first & (chunkRows - 1);
          const here = Math.min(rows, chunkRows - at);
          this.chunks[first >>> chunkBits]![name].set(values.subarray(0, here), at);
          if (here < rows) this.chunks[(first >>> chunkBits) + 1]![name].set(values.subarray(here, rows));
        }
      }
    }
  }

  /** Forgets the rows from `length` on. */
  cut(length: number): void {
    this.length = length;
  }
}
