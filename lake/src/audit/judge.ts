import { type Facts, type HeldEvent, marks } from './facts.js';
import { Findings } from './findings.js';
import { comparePoints, findGaps } from './gaps.js';
import { type Grouped, groupByStream, rowsOf, sortRows } from './group.js';
import type { JudgedObject } from './judged-object.js';
import { compareEvents, countAcknowledged, isCopy, nameEvents } from './naming.js';
import { outOfOrder } from './order.js';
import { chooseStreams, type Selection } from './selection.js';
import type { StreamFindings } from './stream-findings.js';
import { type Others, Witness } from './witness.js';

/** What to judge by. */
export interface JudgeOptions extends Selection {
  lateMs: number;
  /** How many of the worst streams to name. */
  worst: number;
}

/** Judges all streams. */
export function judge(facts: Facts, objects: readonly JudgedObject[], options: JudgeOptions): Findings {
  return new Judge(facts, objects, options).run();
}

/** Most streams have neither gaps nor held events. */
const nothing: never[] = [];
const hourMs = 3_600_000;

class Judge {
  private readonly facts: Facts;
  private readonly objects: readonly JudgedObject[];
  private readonly options: JudgeOptions;
  private readonly found: Findings;
  private readonly events: Grouped;
  private readonly ledger: Grouped;
  private readonly claims: Grouped;
  private readonly held = new Map<number, HeldEvent[]>();
  private readonly witness: Witness;
  private readonly lost = new Map<number, number[]>();

  constructor(facts: Facts, objects: readonly JudgedObject[], options: JudgeOptions) {
    this.facts = facts;
    this.objects = objects;
    this.options = options;
    this.found = new Findings(options.worst);
    const streams = facts.streams.count;
    this.events = groupByStream(facts.events, streams);
    this.ledger = groupByStream(facts.ledger, streams);
    this.claims = groupByStream(facts.claims, streams);
    for (const event of facts.held) {
      const of = this.held.get(event.stream);
      if (of) of.push(event);
      else this.held.set(event.stream, [event]);
    }
    this.witness = new Witness(facts, objects);
  }

  run(): Findings {
    const { facts, options } = this;
    const streams = facts.streams.count;
    const compare = compareEvents(facts);
    for (let stream = 0; stream < streams; stream++) {
      const rows = rowsOf(this.events, stream);
      sortRows(rows, compare);
      if (this.ledger.start[stream] === this.ledger.start[stream + 1]) continue;
      const lost = nameEvents(facts, rows, this.ledger, stream, this.held.get(stream) ?? nothing, (object) =>
        this.witness.isRecent(object),
      );
      if (lost.length > 0) this.lost.set(stream, lost);
      this.witness.beginWith(rows);
    }
    const chosen = chooseStreams(facts, this.objects, options);
    for (let stream = 0; stream < streams; stream++) if (chosen.has(stream)) this.judgeStream(stream);
    const unnumbered = rowsOf(this.events, streams).filter((row) => chosen.hasRow(row));
    sortRows(unnumbered, compare);
    this.found.unnumbered = this.countEvents(unnumbered).events;
    return this.found;
  }

  private judgeStream(stream: number): void {
    const { facts, found } = this;
    const rows = rowsOf(this.events, stream);
    const notThere = this.lost.get(stream) ?? nothing;
    const held = this.held.get(stream) ?? nothing;
    const claims = rowsOf(this.claims, stream);
    if (rows.length + notThere.length + held.length + claims.length === 0) return;
    const { events, positions, isWhole } = this.countEvents(rows);
    const told = claims.reduce((most, claim) => Math.max(most, facts.claims.get('seq', claim)), -1);
    const findings: StreamFindings = {
      stream,
      events,
      held: 0,
      last: positions - 1,
      lost: 0,
      missing: 0,
      neverAcknowledged: 0,
      conflicts: events - positions,
      outOfOrder: this.disorder(rows),
      gaps: nothing,
      isTailKnown: told === positions - 1 && told >= 0,
    };
    found.acknowledged += countAcknowledged(facts, rowsOf(this.ledger, stream));
    found.conflicts += findings.conflicts;
    found.outOfOrder += findings.outOfOrder;
    if (!isWhole || told >= positions || notThere.length + held.length > 0) {
      const lost = notThere.filter((entry) => !this.witness.isRecentEntry(entry));
      const underWay = notThere.filter((entry) => this.witness.isRecentEntry(entry));
      findings.lost = lost.length;
      this.addGaps(findings, rows, { lost, underWay, held, claims });
    }
    if (findings.last < 0) return;
    found.streams.total += 1;
    if (findings.missing === 0 && findings.lost === 0) found.streams.gapFree += 1;
    if (!findings.isTailKnown) found.streams.tailUnknown += 1;
    const isWrong = findings.missing + findings.lost + findings.conflicts + findings.outOfOrder > 0;
    if (isWrong) found.worst.offer(findings, () => facts.streams.text(stream));
  }

  /** Counts the events of sorted rows. `isWhole`: their positions are all from 0 to the last. */
  private countEvents(rows: Uint32Array): { events: number; positions: number; isWhole: boolean } {
    const { found, facts } = this;
    const { events } = facts;
    let copies = 0;
    let positions = 0;
    let before = -1;
    let first = -1;
    let isAcross = false;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      const mark = events.get('check', row);
      if (mark & marks.misfit) found.misfits += 1;
      if (before >= 0 && isCopy(facts, before, row)) {
        copies += 1;
        if (!isAcross && this.partition(row) !== this.partition(first)) {
          found.acrossPartitions += 1;
          isAcross = true;
        }
      } else {
        if (before < 0 || events.get('seq', before) !== events.get('seq', row)) positions += 1;
        this.countEvent(row, mark);
        first = row;
        isAcross = false;
      }
      before = row;
    }
    found.rows += rows.length;
    found.copies += copies;
    found.events += rows.length - copies;
    const last = before < 0 ? -1 : events.get('seq', before);
    return { events: rows.length - copies, positions, isWhole: last === positions - 1 };
  }

  private countEvent(row: number, mark: number): void {
    const { found } = this;
    const { events } = this.facts;
    const received = events.get('received', row);
    const happened = events.get('happened', row);
    const hour = found.byHour.of(Math.floor((Number.isNaN(received) ? happened : received) / hourMs));
    const sdk = found.bySdk.of(events.get('sdk', row));
    hour.events += 1;
    sdk.events += 1;
    const ms = received - happened;
    if (!Number.isNaN(ms)) {
      found.lateness.add(ms);
      if (ms > this.options.lateMs) {
        found.late += 1;
        hour.late += 1;
        sdk.late += 1;
      }
    }
    const claimer = this.witness.claimer(row, mark);
    if (claimer === 'unledgered') found.unledgered.events += 1;
    else if (claimer === 'unexplained') {
      if (this.witness.isRecent(events.get('object', row))) found.underWay.unnamed += 1;
      else found.unexplained += 1;
    }
  }

  private partition(row: number): string {
    return this.objects[this.facts.events.get('object', row)]!.partition;
  }

  private disorder(rows: Uint32Array): number {
    const { facts } = this;
    const { events } = facts;
    let isOrdered = true;
    for (let at = 1; at < rows.length && isOrdered; at++) {
      isOrdered = events.get('received', rows[at]!) >= events.get('received', rows[at - 1]!);
    }
    if (isOrdered) return 0;
    const firsts = rows.filter((row, at) => at === 0 || !isCopy(facts, rows[at - 1]!, row));
    return outOfOrder(
      Array.from(firsts, (row) => ({
        seq: events.get('seq', row),
        received: events.get('received', row),
        object: events.get('object', row),
        row,
      })),
    );
  }

  private addGaps(findings: StreamFindings, rows: Uint32Array, others: Others): void {
    const { found, facts } = this;
    const { lost, underWay, held } = others;
    const points = [...this.witness.eventPoints(rows), ...this.witness.otherPoints(others)];
    points.sort(comparePoints);
    const present = new Set(Array.from(rows, (row) => facts.events.get('seq', row)));
    const errors = new Set(held.filter((each) => each.place === 'errors').map((each) => each.seq));
    const refused = new Set(held.filter((each) => each.place === 'quarantine').map((each) => each.seq));
    const inErrors = [...errors].filter((seq) => !present.has(seq));
    const inQuarantine = [...refused].filter((seq) => !present.has(seq) && !errors.has(seq));
    findings.held = inErrors.length + inQuarantine.length;
    found.held.errors += inErrors.length;
    found.held.quarantine += inQuarantine.length;

    const { gaps, implausible, last, isTailKnown } = findGaps(
      points,
      inQuarantine.sort((a, b) => a - b),
    );
    Object.assign(findings, { gaps, last, isTailKnown });
    found.implausible += implausible;
    for (const { first, last: to, claim } of gaps) {
      const count = to - first + 1;
      findings.missing += count;
      found.missing += count;
      if (claim?.claimer === 'unledgered') found.unledgered.missing += count;
      else if (claim !== undefined) {
        findings.neverAcknowledged += count;
        found.neverAcknowledged += count;
        if (claim.by >= 0) this.countNever(claim.by, count);
      }
    }
    found.lost += lost.length;
    found.underWay.undelivered += underWay.length;
    for (const entry of lost) {
      const { received } = facts.ledgerRows[facts.ledger.get('row', entry)]!;
      found.byHour.of(Math.floor(received / hourMs)).lost_by_us += 1;
    }
  }

  private countNever(row: number, count: number): void {
    const { events } = this.facts;
    const received = events.get('received', row);
    const time = Number.isNaN(received) ? events.get('happened', row) : received;
    this.found.byHour.of(Math.floor(time / hourMs)).never_acknowledged += count;
    this.found.bySdk.of(events.get('sdk', row)).never_acknowledged += count;
  }
}
