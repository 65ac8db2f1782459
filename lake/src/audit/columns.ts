const chunkBits = 15;
const chunkRows = 1 << chunkBits;

/** The kinds of column. */
const arrays = { u16: Uint16Array, u32: Uint32Array, f64: Float64Array };
type Kind = keyof typeof arrays;

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

  /** Forgets the rows from `length` on. */
  cut(length: number): void {
    this.length = length;
  }
}
