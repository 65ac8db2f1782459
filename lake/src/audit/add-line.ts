import { ledgerPage, quarantinePage } from '@millrace/sdk/schema';
import { readJsonLine, readJsonObject } from '../json-line.js';
import { addAcknowledged } from './acknowledged.js';
import { byHeld, type Facts, type HeldEvent, marks } from './facts.js';
import { fillFromJson, Line, slots } from './line.js';
import { readPlainLine } from './plain-line.js';

/** Whether a number is a position that can be counted with. */
const isPosition = (seq: number): boolean => seq >= 0 && seq <= Number.MAX_SAFE_INTEGER;

/** Puts lines into facts. */
export class LineAdder {
  private readonly line = new Line();
  private readonly facts: Facts;
  private readonly seed: number;
  /** A hash of 64 bits, in two halves. */
  private hashA = 0;
  private hashB = 0;

  constructor(facts: Facts, seed: number) {
    this.facts = facts;
    this.seed = seed;
  }

  /**
   * Adds the line of `source` from `from` to `to`, of an object of this page; false when it is neither blank nor a JSON
   * object.
   */
  add(source: Buffer, from: number, to: number, page: string, object: number): boolean {
    if (from === to) return true;
    if (!readPlainLine(this.line, source, from, to)) {
      const json = readJsonLine(source.subarray(from, to));
      if (!json) return json === undefined;
      fillFromJson(this.line, json);
    }
    this.file(page, object);
    return true;
  }

  /** Adds a row that is parsed already. */
  addRow(row: Record<string, unknown>, page: string, object: number): void {
    fillFromJson(this.line, row);
    this.file(page, object);
  }

  /**
   * Adds a line of Firehose's error object, which holds the text of a record; whatever it is, it costs nothing else.
   */
  addError(line: Uint8Array): void {
    const error = readJsonLine(line);
    if (typeof error?.rawData !== 'string') return;
    const bytes = Buffer.from(error.rawData, 'base64');
    const raw = bytes.toString('base64') === error.rawData ? bytes.toString() : error.rawData;
    for (const text of raw.split('\n')) {
      const json = readJsonObject(text);
      if (json === undefined) continue;
      fillFromJson(this.line, json);
      if (json.page === ledgerPage) this.addLedgerRow(-1);
      else if (json.page === quarantinePage) this.addHeld('quarantine', readJsonObject(String(json.raw)));
      else this.addHeld('errors', json);
    }
  }

  private file(page: string, object: number): void {
    if (page === ledgerPage) this.addLedgerRow(object);
    else if (page !== quarantinePage) this.addEvent(object);
    else if (this.line.has(slots.raw)) this.addHeld('quarantine', readJsonObject(this.line.text(slots.raw)));
  }

  private addEvent(object: number): void {
    const { line, facts } = this;
    const { events } = facts;
    const row = events.add();
    const seq = line.value[slots.seq]!;
    const isNumbered = line.has(slots.stream_id) && isPosition(seq);
    const received = line.value[slots.received_at]!;
    const occurred = line.value[slots.occurred_at]!;
    let mark = (isNumbered ? marks.numbered : 0) | (line.misfit ? marks.misfit : 0);
    this.hashA = this.seed;
    this.hashB = ~this.seed;
    if (line.has(slots.event_id)) {
      mark |= marks.id | this.check();
      this.hash(slots.event_id);
      // Numbered events are compared within their stream.
      if (!isNumbered) this.hash(slots.stream_id);
    }
    const stream = isNumbered ? this.number(slots.stream_id) : 0xffffffff;
    events.set('stream', row, stream);
    events.set('seq', row, seq);
    events.set('idA', row, this.hashA);
    events.set('idB', row, this.hashB);
    events.set('check', row, mark);
    events.set('received', row, received);
    events.set('happened', row, Number.isNaN(occurred) ? line.value[slots.event_time]! : occurred);
    events.set('object', row, object);
    events.set('sdk', row, line.has(slots.sdk) ? this.sdk() : 0);
    this.addClaim(row);
  }

  private addClaim(by: number): void {
    const { line, facts } = this;
    const seq = line.value[slots.after_seq]!;
    if (!line.has(slots.after_stream_id) || !isPosition(seq)) return;
    const claim = facts.claims.add();
    facts.claims.set('stream', claim, this.number(slots.after_stream_id));
    facts.claims.set('seq', claim, seq);
    facts.claims.set('by', claim, by);
  }

  private addHeld(place: HeldEvent['place'], event: Record<string, unknown> | undefined): void {
    if (event === undefined) return;
    fillFromJson(this.line, event);
    const seq = this.line.value[slots.seq]!;
    if (this.line.has(slots.stream_id) && isPosition(seq)) {
      this.facts.held.push({ stream: this.number(slots.stream_id), seq, check: this.check(), place });
    }
    // What was refused says nothing of other streams.
    if (place === 'errors') this.addClaim(byHeld);
  }

  private addLedgerRow(object: number): void {
    const { line, facts } = this;
    const row = facts.ledgerRows.length;
    const fact = { server: '', row: Number.NaN, received: line.value[slots.received_at]!, readable: false, object };
    facts.ledgerRows.push(fact);
    if (!line.has(slots.server) || !isPosition(line.value[slots.server_row]!) || !line.has(slots.acknowledged)) return;
    fact.server = line.text(slots.server);
    fact.row = line.value[slots.server_row]!;
    fact.readable = addAcknowledged(facts, line, row);
  }

  private number(slot: number): number {
    const { source, start, end } = this.line;
    return this.facts.streams.number(source, start[slot]!, end[slot]!);
  }

  private sdk(): number {
    const { source, start, end } = this.line;
    const number = this.facts.sdks.number(source, start[slots.sdk]!, end[slots.sdk]!);
    return number > 0xffff ? 0 : number;
  }

  /** The last 24 bits of the event's id, as the ledger has them. */
  private check(): number {
    const { source, end, start } = this.line;
    const to = end[slots.event_id]!;
    let bits = 0;
    for (let at = Math.max(start[slots.event_id]!, to - 6); at < to; at++) bits = (bits << 4) | (hex[source[at]!] ?? 0);
    return bits & 0xffffff;
  }

  private hash(slot: number): void {
    const { source, start, end } = this.line;
    let a = this.hashA;
    let b = this.hashB;
    for (let at = start[slot]!; at < end[slot]!; at++) {
      const byte = source[at]!;
      a = Math.imul(a ^ byte, 0x01000193);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b + byte, 0x9e3779b1);
      b ^= b >>> 15;
    }
    this.hashA = Math.imul(a ^ (a >>> 16), 0x85ebca6b) >>> 0;
    this.hashB = Math.imul(b ^ (b >>> 13), 0xc2b2ae35) >>> 0;
  }
}

const hex: (number | undefined)[] = [];
for (const digit of '0123456789abcdefABCDEF') hex[digit.charCodeAt(0)] = Number.parseInt(digit, 16);
