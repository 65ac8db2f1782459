import { readLedger } from '@millrace/sdk/schema';
import type { Facts } from './facts.js';
import { type Line, slots } from './line.js';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bitsOf: (number | undefined)[] = [];
for (const [bits, digit] of [...digits].entries()) bitsOf[digit.charCodeAt(0)] = bits;

const checkBits = (check: string) => [...check].reduce((bits, digit) => bits * 64 + digits.indexOf(digit), 0);

/** Adds what a row of the ledger names; false when no server wrote that text. */
export function addAcknowledged(facts: Facts, line: Line, row: number): boolean {
  const { ledger } = facts;
  const before = ledger.length;
  if (addPlain(facts, line, row)) return true;
  ledger.cut(before);
  const entries = readLedger(line.text(slots.acknowledged));
  for (const { streamId, seq, check } of entries ?? []) {
    addEntry(facts, facts.streams.numberOf(streamId), seq, checkBits(check), row);
  }
  return entries !== undefined;
}

function addEntry({ ledger }: Facts, stream: number, seq: number, check: number, row: number): void {
  const entry = ledger.add();
  ledger.set('stream', entry, stream);
  ledger.set('seq', entry, seq);
  ledger.set('check', entry, check);
  ledger.set('row', entry, row);
}

const [colon, comma, space] = [0x3a, 0x2c, 0x20];

/** Reads streams whose ids stand as they are; false for any other text. */
function addPlain(facts: Facts, { source, start, end }: Line, row: number): boolean {
  let at = start[slots.acknowledged]!;
  const to = end[slots.acknowledged]!;
  while (at < to) {
    const from = at;
    while (at < to && bitsOf[source[at]!] !== undefined) at++;
    if (at === from || source[at] !== colon) return false;
    const stream = facts.streams.number(source, from, at);
    do {
      const first = ++at;
      let seq = 0;
      while (source[at]! >= 0x30 && source[at]! <= 0x39) seq = seq * 10 + source[at++]! - 0x30;
      if (at === first || at - first > 15 || source[at] !== colon) return false;
      const checks = ++at;
      while (at < to && bitsOf[source[at]!] !== undefined) {
        let check = 0;
        for (let digit = 0; digit < 4; digit++) check = (check << 6) | (bitsOf[source[at++]!] ?? -1);
        if (check < 0 || at > to) return false;
        addEntry(facts, stream, seq++, check, row);
      }
      if (at === checks) return false;
    } while (at < to && source[at] === comma);
    if (at < to && (source[at++] !== space || at === to)) return false;
  }
  return true;
}
