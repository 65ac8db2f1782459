/** The kinds of numbers. */
const arrays = { u16: Uint16Array, u32: Uint32Array, f64: Float64Array };

/** How a field holds its number. */
export type Kind = keyof typeof arrays;

/** The fields of a table, by name; those of more bytes come first, so that each is aligned. */
export type Kinds = Readonly<Record<string, Kind>>;

/** One field of all rows. A class for each kind: each reads one kind of array, which is fast. */
export interface Field {
  get(row: number): number;
  set(row: number, value: number): void;
  /** The rows lie in this now. */
  lieIn(buffer: ArrayBuffer, from: number): void;
}

class F64Field implements Field {
  private view = new Float64Array(0);
  private readonly stride: number;
  private readonly offset: number;

  constructor(rowBytes: number, offset: number) {
    this.stride = rowBytes / 8;
    this.offset = offset / 8;
  }

  get(row: number): number {
    return this.view[row * this.stride + this.offset]!;
  }

  set(row: number, value: number): void {
    this.view[row * this.stride + this.offset] = value;
  }

  lieIn(buffer: ArrayBuffer, from: number): void {
    this.view = new Float64Array(buffer, from);
  }
}

class U32Field implements Field {
  private view = new Uint32Array(0);
  private readonly stride: number;
  private readonly offset: number;

  constructor(rowBytes: number, offset: number) {
    this.stride = rowBytes / 4;
    this.offset = offset / 4;
  }

  get(row: number): number {
    return this.view[row * this.stride + this.offset]!;
  }

  set(row: number, value: number): void {
    this.view[row * this.stride + this.offset] = value;
  }

  lieIn(buffer: ArrayBuffer, from: number): void {
    this.view = new Uint32Array(buffer, from);
  }
}

class U16Field implements Field {
  private view = new Uint16Array(0);
  private readonly stride: number;
  private readonly offset: number;

  constructor(rowBytes: number, offset: number) {
    this.stride = rowBytes / 2;
    this.offset = offset / 2;
  }

  get(row: number): number {
    return this.view[row * this.stride + this.offset]!;
  }

  set(row: number, value: number): void {
    this.view[row * this.stride + this.offset] = value;
  }

  lieIn(buffer: ArrayBuffer, from: number): void {
    this.view = new Uint16Array(buffer, from);
  }
}

const fields = { u16: U16Field, u32: U32Field, f64: F64Field };

/** The fields of a table. */
export type Fields<Of extends Kinds> = { readonly [Name in keyof Of]: Field };

/** Bytes of a row; a multiple of 8, so that every row is aligned. */
export const rowBytesOf = (kinds: Kinds): number =>
  (Object.values(kinds).reduce((sum, kind) => sum + arrays[kind].BYTES_PER_ELEMENT, 0) + 7) & ~7;

const leastRows = 64;

/**
 * A table of numbers that grows. The fields of a row lie side by side: rows come in the order of reading and are
 * looked at in the order of streams, and each then takes one read of far memory instead of one a field.
 */
export class Rows<Of extends Kinds = Kinds> {
  length: number;
  readonly at: Fields<Of>;
  readonly rowBytes: number;
  private room: number;
  private buffer: ArrayBuffer;
  private readonly from: number;

  /** @param given rows that lie in a buffer already, from a multiple of 8 on */
  constructor(kinds: Of, given?: { buffer: ArrayBuffer; from: number; length: number }) {
    this.rowBytes = rowBytesOf(kinds);
    this.length = given?.length ?? 0;
    this.room = given?.length ?? leastRows;
    this.buffer = given?.buffer ?? new ArrayBuffer(leastRows * this.rowBytes);
    this.from = given?.from ?? 0;
    let offset = 0;
    const made = Object.entries(kinds).map(([name, kind]) => {
      const field: Field = new fields[kind](this.rowBytes, offset);
      offset += arrays[kind].BYTES_PER_ELEMENT;
      return [name, field];
    });
    this.at = Object.fromEntries(made) as Fields<Of>;
    this.place();
  }

  /** Room for more rows: the number of the first. */
  add(rows = 1): number {
    const first = this.length;
    this.length += rows;
    if (this.length > this.room) this.grow(first, Math.max(this.length, first * 2));
    return first;
  }

  /** Makes room for so many rows more, which a list that grows would make by and by. */
  reserve(rows: number): void {
    if (this.length + rows > this.room) this.grow(this.length, this.length + rows);
  }

  /** Forgets the rows from `length` on. */
  cut(length: number): void {
    this.length = length;
  }

  /** All rows as they lie in memory. */
  bytes(): Uint8Array {
    return new Uint8Array(this.buffer, this.from, this.length * this.rowBytes);
  }

  /** Adds all rows of another table of the same fields: the number of the first. */
  addAll(other: Rows<Of>): number {
    const first = this.add(other.length);
    new Uint8Array(this.buffer, this.from).set(other.bytes(), first * this.rowBytes);
    return first;
  }

  /** Adds one row of another table of the same fields. */
  addOne(other: Rows<Of>, row: number): void {
    const first = this.add();
    const bytes = other.bytes().subarray(row * this.rowBytes, (row + 1) * this.rowBytes);
    new Uint8Array(this.buffer, this.from).set(bytes, first * this.rowBytes);
  }

  private grow(kept: number, room: number): void {
    const old = new Uint8Array(this.buffer, 0, kept * this.rowBytes);
    this.room = room;
    this.buffer = new ArrayBuffer(room * this.rowBytes);
    new Uint8Array(this.buffer).set(old);
    this.place();
  }

  private place(): void {
    for (const field of Object.values(this.at)) (field as Field).lieIn(this.buffer, this.from);
  }
}
