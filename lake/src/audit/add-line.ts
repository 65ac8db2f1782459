import { ledgerPage, quarantinePage } from '@millrace/sdk/schema/ledger';
import { readJsonLine, readJsonObject } from '../json-line.js';
import { addAcknowledged } from './acknowledged.js';
import { hashBytes } from './bytes.js';
import { type Facts, marks, noNumber, noStream, places } from './facts.js';
import { FewTexts } from './few-texts.js';
import { fillFromJson, Line, type ReadColumn, slots } from './line.js';
import type { PartedFacts } from './parted-facts.js';
import { PlainLineReader } from './plain-line.js';
import type { TextTable } from './text-table.js';

/** Whether a number is a position that can be counted with. */
const isPosition = (seq: number): boolean => seq >= 0 && seq <= Number.MAX_SAFE_INTEGER;

type RowKind = 'event' | 'ledger' | 'quarantine';

const kindOf = (page: string): RowKind =>
  page === ledgerPage ? 'ledger' : page === quarantinePage ? 'quarantine' : 'event';

/** Puts lines into facts. */
export class LineAdder {
  private kind: RowKind = 'event';
  private readonly line: Line;
  private readonly plain: PlainLineReader;
  private readonly facts: PartedFacts;
  private readonly sdks: FewTexts;
  private readonly sites: FewTexts;

  /** @param columns what a line can have */
  constructor(facts: PartedFacts, columns: readonly ReadColumn[]) {
    this.facts = facts;
    this.line = new Line(columns);
    this.plain = new PlainLineReader(this.line);
    this.sdks = new FewTexts(facts.shared.sdks);
    this.sites = new FewTexts(facts.shared.sites);
  }

  /** The lines of this follow, of an object of this page. */
  begin(source: Uint8Array, page: string): void {
    this.kind = kindOf(page);
    this.line.begin(source);
    this.sdks.begin();
    this.sites.begin();
  }

  /**
   * Adds the line from `from` to `to` of what `begin` was told; false when it is neither blank nor a JSON object.
   */
  add(from: number, to: number, object: number): boolean {
    if (from === to) return true;
    if (!this.plain.read(from, to)) {
      const json = readJsonLine(this.line.source.subarray(from, to));
      if (!json) return json === undefined;
      fillFromJson(this.line, json);
    }
    this.file(object);
    return true;
  }

  /** Adds a row whose columns are text. */
  addRow(row: Record<string, unknown>, page: string, object: number): void {
    const { properties } = row;
    const says = typeof properties === 'string' && properties.includes('tracker_dropped');
    fillFromJson(this.line, { ...row, properties: says ? readJsonObject(properties) : undefined });
    this.kind = kindOf(page);
    this.file(object);
  }

  /**
   * Adds a line of Firehose's error object, which holds the text of a record; whatever it is, it costs nothing else.
   */
  addError(line: Uint8Array, object: number): void {
    const error = readJsonLine(line);
    if (typeof error?.rawData !== 'string') return;
    const bytes = Buffer.from(error.rawData, 'base64');
    const raw = bytes.toString('base64') === error.rawData ? bytes.toString() : error.rawData;
    for (const text of raw.split('\n')) {
      const json = readJsonObject(text);
      if (json === undefined) continue;
      fillFromJson(this.line, json);
      if (json.page === ledgerPage) this.addLedgerRow(object);
      else if (json.page === quarantinePage) this.addHeld('quarantine', readJsonObject(String(json.raw)), object);
      else this.addHeld('errors', json, object);
    }
  }

  private file(object: number): void {
    if (this.kind === 'event') this.addEvent(object);
    else if (this.kind === 'ledger') this.addLedgerRow(object);
    else if (this.line.has(slots.raw)) this.addHeld('quarantine', readJsonObject(this.line.text(slots.raw)), object);
  }

  private addEvent(object: number): void {
    const { line } = this;
    const { seed } = this.facts;
    const seq = line.value[slots.seq]!;
    const isNumbered = line.has(slots.stream_id) && isPosition(seq);
    // Numbered events are compared within their stream, others wherever they are.
    const hash = line.has(slots.stream_id) ? this.hash(slots.stream_id, seed) : 0;
    const likely = isNumbered ? this.facts.of(hash).streams.likely(hash) : 0;
    const occurred = line.value[slots.occurred_at]!;
    let mark = (isNumbered ? marks.numbered : 0) | (line.misfit ? marks.misfit : 0);
    let idA = seed;
    let idB = ~seed;
    if (line.has(slots.event_id)) {
      mark |= marks.id | this.check();
      idA = this.hash(slots.event_id, idA);
      idB = this.hash(slots.event_id, Math.imul(idB, 0x2c1b3c6d));
    }
    if (!isNumbered) idA = (idA ^ hash) >>> 0;
    const facts = this.facts.of(isNumbered ? hash : idA);
    const row = facts.events.add();
    const events = facts.events.at;
    events.stream.set(row, isNumbered ? this.number(slots.stream_id, facts.streams, hash, likely) : noStream);
    events.seq.set(row, Number.isNaN(seq) ? noNumber : seq);
    events.idA.set(row, idA);
    events.idB.set(row, idB);
    events.check.set(row, mark);
    events.received.set(row, line.value[slots.received_at]!);
    events.happened.set(row, Number.isNaN(occurred) ? line.value[slots.event_time]! : occurred);
    events.object.set(row, object);
    events.sdk.set(row, this.fewNumber(slots.sdk, this.sdks));
    events.site.set(row, this.fewNumber(slots.site, this.sites));
    if (line.has(slots.after_stream_id)) this.addClaim(object, facts, row);
    if (line.dropped.length > 0 && line.has(slots.visitor_id)) this.addDropped(object, facts, row);
  }

  /** `row`: of the event in `by` that makes the claim; without one it is held. */
  private addClaim(object: number, by?: Facts, row = -1): void {
    const { line } = this;
    const seq = line.value[slots.after_seq]!;
    if (!line.has(slots.after_stream_id) || !isPosition(seq)) return;
    const { facts, stream } = this.place(slots.after_stream_id);
    const number = this.facts.claims++;
    const claim = facts.claims.add();
    const claims = facts.claims.at;
    const events = by?.events.at;
    claims.stream.set(claim, stream);
    claims.seq.set(claim, seq);
    claims.number.set(claim, number);
    claims.object.set(claim, object);
    claims.isHeld.set(claim, by ? 0 : 1);
    claims.received.set(claim, events ? events.received.get(row) : Number.NaN);
    claims.happened.set(claim, events ? events.happened.get(row) : Number.NaN);
    claims.sdk.set(claim, events ? events.sdk.get(row) : 0);
    claims.site.set(claim, events ? events.site.get(row) : 0);
    if (!by) return;
    const claimant = by.claimants.add();
    by.claimants.at.row.set(claimant, row);
    by.claimants.at.claim.set(claimant, number);
  }

  /** `row`: of the event in `by` that says it. */
  private addDropped(object: number, by: Facts, row: number): void {
    const { received, happened, site } = by.events.at;
    const { facts, stream } = this.place(slots.visitor_id);
    for (const [reason, count] of this.line.dropped) {
      const at = facts.dropped.add();
      const dropped = facts.dropped.at;
      dropped.count.set(at, count);
      dropped.received.set(at, received.get(row));
      dropped.happened.set(at, happened.get(row));
      dropped.stream.set(at, stream);
      dropped.object.set(at, object);
      dropped.reason.set(at, reason);
      dropped.site.set(at, site.get(row));
    }
  }

  private addHeld(place: keyof typeof places, event: Record<string, unknown> | undefined, object: number): void {
    if (event === undefined) return;
    fillFromJson(this.line, event);
    const seq = this.line.value[slots.seq]!;
    if (this.line.has(slots.stream_id) && isPosition(seq)) {
      const { facts, stream } = this.place(slots.stream_id);
      const row = facts.held.add();
      const held = facts.held.at;
      held.stream.set(row, stream);
      held.seq.set(row, seq);
      held.check.set(row, this.check());
      held.place.set(row, places[place]);
      held.object.set(row, object);
    }
    // What was refused says nothing of other streams.
    if (place === 'errors') this.addClaim(object);
  }

  private addLedgerRow(object: number): void {
    const { line, facts } = this;
    const { ledgerRows, servers } = facts.shared;
    const row = ledgerRows.add();
    const rows = ledgerRows.at;
    const isNamed = line.has(slots.server) && isPosition(line.value[slots.server_row]!) && line.has(slots.acknowledged);
    rows.received.set(row, line.value[slots.received_at]!);
    rows.object.set(row, object);
    rows.row.set(row, isNamed ? line.value[slots.server_row]! : Number.NaN);
    rows.server.set(row, isNamed ? this.number(slots.server, servers) : 0);
    rows.isReadable.set(row, isNamed && addAcknowledged(facts, line, row) ? 1 : 0);
  }

  /** Where the facts of a stream are, and its number there. */
  private place(slot: number): { facts: Facts; stream: number } {
    const hash = this.hash(slot, this.facts.seed);
    const facts = this.facts.of(hash);
    return { facts, stream: this.number(slot, facts.streams, hash) };
  }

  private number(slot: number, table: TextTable, hash?: number, likely = 0): number {
    const { view, start, end } = this.line;
    const known = table.numberAt(likely, view, start[slot]!, end[slot]!);
    return known >= 0 ? known : table.number(view, start[slot]!, end[slot]!, hash);
  }

  private fewNumber(slot: number, texts: FewTexts): number {
    const { view, start, end } = this.line;
    return this.line.has(slot) ? texts.of(view, start[slot]!, end[slot]!) : 0;
  }

  /** The last 24 bits of the event's id, as the ledger has them. */
  private check(): number {
    const { source, end, start } = this.line;
    const to = end[slots.event_id]!;
    let bits = 0;
    for (let at = Math.max(start[slots.event_id]!, to - 6); at < to; at++) bits = (bits << 4) | (hex[source[at]!] ?? 0);
    return bits & 0xffffff;
  }

  private hash(slot: number, seed: number): number {
    const { view, start, end } = this.line;
    return hashBytes(view, start[slot]!, end[slot]!, seed);
  }
}

const hex: (number | undefined)[] = [];
for (const digit of '0123456789abcdefABCDEF') hex[digit.charCodeAt(0)] = Number.parseInt(digit, 16);
