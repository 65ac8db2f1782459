import { createHash } from 'node:crypto';
import { ledgerRowKinds, tables } from './facts.js';
import type { PartedFacts } from './parted-facts.js';
import { type Kinds, Rows, rowBytesOf } from './rows.js';
import type { Texts, TextTable } from './text-table.js';

/** A pack of another format is as good as none. */
export const packFormat = 'millrace-audit-3';
/** The tables of a part, in their order. */
export const tableNames = ['events', 'claims', 'claimants', 'ledger', 'held', 'dropped'] as const;

/** How much a section has; its tables and texts follow one another in a fixed order. */
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

/** What a section has. */
export interface Section {
  tables: Rows[];
  texts: Texts[];
}

const kindsOf = (section: number): Kinds[] =>
  section === 0 ? [ledgerRowKinds] : tableNames.map((name) => tables[name]);
/** How many bytes a section takes. */
export function sectionBytes(section: number, { rows, texts }: SectionHead): number {
  let bytes = 0;
  for (const [at, kinds] of kindsOf(section).entries()) bytes += rows[at]! * rowBytesOf(kinds);
  for (const [, length] of texts) bytes += (length + 7) & ~7;
  return bytes;
}

/** A section that lies in `buffer` from `offset` on. */
export function sectionOf(section: number, head: SectionHead, buffer: ArrayBuffer, offset: number): Section {
  let at = offset;
  const place = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  return {
    tables: kindsOf(section).map((kinds, table) => {
      const length = head.rows[table]!;
      return new Rows(kinds, { buffer, from: place(length * rowBytesOf(kinds)), length });
    }),
    texts: head.texts.map(([count, bytes]) => ({
      count,
      bytes: new Uint8Array(buffer, place((bytes + 7) & ~7), bytes),
    })),
  };
}

/**
 * Facts of some objects as the parts of a pack, of which all but the first three are views of the facts. `isKept`:
 * another audit will read it.
 */
export function encodePack(
  facts: PartedFacts,
  objects: PackHead['objects'],
  isKept: boolean,
): { head: PackHead; bytes: Uint8Array[] } {
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
    body.push(...bytesOf(content));
  }
  const head: PackHead = { format: packFormat, seed, rows: events, claims, objects, sections };
  const headText = Buffer.from(JSON.stringify(head));
  const lengths = Buffer.alloc(packPrefix - 32);
  lengths.writeUInt32LE(headText.length);
  return { head, bytes: [isKept ? checksumOf([headText, ...body]) : noChecksum, lengths, headText, ...body] };
}

/** A pack that only the audit that writes it reads needs no checksum; for another audit it is as good as none. */
const noChecksum = new Uint8Array(32);

function checksumOf(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const bytes of parts) hash.update(bytes);
  return hash.digest();
}

/** The bytes before a pack's head: its checksum, the length of the head, and 4 that are not used. */
export const packPrefix = 40;

/** What becomes a section. */
interface Content {
  tables: readonly { length: number; bytes(): Uint8Array }[];
  texts: readonly TextTable[];
}

/** A section as bytes, in the order of `sectionOf`, each part followed by what aligns the next. */
function bytesOf({ tables: own, texts }: Content): Uint8Array[] {
  const parts = [...own.map((table) => table.bytes()), ...texts.map((table) => table.texts().bytes)];
  return parts.flatMap((bytes) => (bytes.length % 8 === 0 ? [bytes] : [bytes, new Uint8Array(8 - (bytes.length % 8))]));
}
