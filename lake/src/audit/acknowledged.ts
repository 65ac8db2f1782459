import { readLedger } from '@millrace/sdk/schema/ledger';
import { hashBytes, viewOf } from './bytes.js';
import type { Facts } from './facts.js';
import { type Line, slots } from './line.js';
import type { PartedFacts } from './parted-facts.js';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bitsOf: (number | undefined)[] = [];
for (const [bits, digit] of [...digits].entries()) bitsOf[digit.charCodeAt(0)] = bits;

const checkBits = (check: string) => [...check].reduce((bits, digit) => bits * 64 + digits.indexOf(digit), 0);

/** Adds what a row of the ledger names; false when no server wrote that text. */
export function addAcknowledged(facts: PartedFacts, line: Line, row: number): boolean {
  if (isPlain(line)) addPlain(facts, line, row);
  else {
    const entries = readLedger(line.text(slots.acknowledged));
    if (entries === undefined) return false;
    for (const { streamId, seq, check } of entries) {
      const view = viewOf(Buffer.from(streamId));
      const hash = hashBytes(view, 0, view.byteLength, facts.seed);
      const part = facts.of(hash);
      addEntry(part, part.streams.number(view, 0, view.byteLength, hash), seq, checkBits(check), row);
    }
  }
  return true;
}

function addEntry({ ledger }: Facts, stream: number, seq: number, check: number, row: number): void {
  const entry = ledger.add();
  const { at } = ledger;
  at.stream.set(entry, stream);
  at.seq.set(entry, seq);
  at.check.set(entry, check);
  at.row.set(entry, row);
}

const [colon, comma, space] = [0x3a, 0x2c, 0x20];

/** Whether a row's streams all stand as they are, as `ledgerText` writes them. */
function isPlain({ source, start, end }: Line): boolean {
  let at = start[slots.acknowledged]!;
  const to = end[slots.acknowledged]!;
  while (at < to) {
    const from = at;
    while (at < to && bitsOf[source[at]!] !== undefined) at++;
    if (at === from || source[at] !== colon) return false;
    do {
      const first = ++at;
      while (source[at]! >= 0x30 && source[at]! <= 0x39) at++;
      if (at === first || at - first > 15 || source[at] !== colon) return false;
      const checks = ++at;
      while (at < to && bitsOf[source[at]!] !== undefined) at++;
      if (at === checks || (at - checks) % 4 !== 0) return false;
    } while (at < to && source[at] === comma);
    if (at < to && (source[at++] !== space || at === to)) return false;
  }
  return true;
}

/** Adds the streams of a row that `isPlain`. */
function addPlain(facts: PartedFacts, { source, view, start, end }: Line, row: number): void {
  let at = start[slots.acknowledged]!;
  const to = end[slots.acknowledged]!;
  while (at < to) {
    const from = at;
    while (source[at] !== colon) at++;
    const hash = hashBytes(view, from, at, facts.seed);
    const part = facts.of(hash);
    const stream = part.streams.number(view, from, at, hash);
    do {
      at++;
      let seq = 0;
      while (source[at] !== colon) seq = seq * 10 + source[at++]! - 0x30;
      at++;
      while (at < to && bitsOf[source[at]!] !== undefined) {
        let check = 0;
        for (let digit = 0; digit < 4; digit++) check = (check << 6) | bitsOf[source[at++]!]!;
        addEntry(part, stream, seq++, check, row);
      }
    } while (at < to && source[at] === comma);
    at++;
  }
}
