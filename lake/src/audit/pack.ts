import { createHash } from 'node:crypto';
import { bytesOf, type Kinds, makeArray } from './columns.js';
import { ledgerRowKinds, tables } from './facts.js';
import type { PartedFacts } from './parted-facts.js';
import type { Texts, TextTable } from './text-table.js';

/** A pack of another format is as good as none. */
export const packFormat = 'millrace-audit-2';
/** The tables of a part, in their order. */
export const tableNames = ['events', 'claims', 'claimants', 'ledger', 'held', 'dropped'] as const;

/** How much a section has; its arrays follow one another in a fixed order. */
export interface SectionHead {
  offset: number;
  rows: number[];
  /** Of each of its tables of texts: how many, and their bytes. */
  texts: [count: number, bytes: number][];
}

/** What a pack says of itself. */
export interface PackHead {
  format: string;
  seed: number;
  /** Events. */
  rows: number;
  claims: number;
  /** The key and the state of each object; an empty state for one that must be read again. */
  objects: [key: string, state: string][];
  /** What all parts share, then one for each part. */
  sections: SectionHead[];
}

/** A section's arrays. */
export interface Section {
  tables: { at: Record<string, Float64Array | Uint32Array | Uint16Array>; length: number }[];
  texts: Texts[];
}

const kindsOf = (section: number): Kinds[] =>
  section === 0 ? [ledgerRowKinds] : tableNames.map((name) => tables[name]);
/** How many bytes a section takes. */
export function sectionBytes(section: number, { rows, texts }: SectionHead): number {
  let bytes = 0;
  for (const [at, kinds] of kindsOf(section).entries()) {
    for (const kind of Object.values(kinds)) bytes += bytesOf(kind, rows[at]!);
  }
  for (const [, length] of texts) bytes += (length + 7) & ~7;
  return bytes;
}

/** The arrays of a section that lies in `buffer` from `offset` on. */
export function sectionOf(section: number, head: SectionHead, buffer: ArrayBuffer, offset: number): Section {
  let at = offset;
  const place = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  return {
    tables: kindsOf(section).map((kinds, table) => ({
      length: head.rows[table]!,
      at: Object.fromEntries(
        Object.entries(kinds).map(([name, kind]) => {
          const length = head.rows[table]!;
          return [name, makeArray(kind, length, buffer, place(bytesOf(kind, length)))];
        }),
      ),
    })),
    texts: head.texts.map(([count, bytes]) => ({
      count,
      bytes: new Uint8Array(buffer, place((bytes + 7) & ~7), bytes),
    })),
  };
}

/** Facts of some objects as the parts of a pack, of which all but the first three are views of the facts. */
export function encodePack(facts: PartedFacts, objects: PackHead['objects']): { head: PackHead; bytes: Uint8Array[] } {
  const { seed, events, claims, shared, parts } = facts;
  const contents: Content[] = [
    { tables: [shared.ledgerRows], texts: [shared.sdks, shared.sites, shared.servers] },
    ...parts.map((part) => ({ tables: tableNames.map((name) => part[name]), texts: [part.streams] })),
  ];
  const sections: SectionHead[] = [];
  const body: Uint8Array[] = [];
  let offset = 0;
  for (const [section, content] of contents.entries()) {
    const rows = content.tables.map(({ length }) => length);
    const texts = content.texts.map((table): [number, number] => [table.count, table.texts().bytes.length]);
    sections.push({ offset, rows, texts });
    offset += sectionBytes(section, { offset, rows, texts });
    body.push(...arraysOf(content));
  }
  const head: PackHead = { format: packFormat, seed, rows: events, claims, objects, sections };
  const headText = Buffer.from(JSON.stringify(head));
  const lengths = Buffer.alloc(packPrefix - 32);
  lengths.writeUInt32LE(headText.length);
  const hash = createHash('sha256').update(headText);
  for (const bytes of body) hash.update(bytes);
  return { head, bytes: [hash.digest(), lengths, headText, ...body] };
}

/** The bytes before a pack's head: its checksum, the length of the head, and 4 that are not used. */
export const packPrefix = 40;

/** What becomes a section. */
interface Content {
  tables: readonly { at: object; length: number }[];
  texts: readonly TextTable[];
}

/** The arrays of a section as bytes, in the order of `sectionOf`, each followed by what aligns the next. */
function arraysOf({ tables: own, texts }: Content): Uint8Array[] {
  const columns = own.flatMap(({ at, length }) =>
    Object.values(at as Record<string, Float64Array>).map((array) => array.subarray(0, length)),
  );
  return [...columns, ...texts.map((table) => table.texts().bytes)].flatMap(({ buffer, byteOffset, byteLength }) => {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return byteLength % 8 === 0 ? [bytes] : [bytes, new Uint8Array(8 - (byteLength % 8))];
  });
}
