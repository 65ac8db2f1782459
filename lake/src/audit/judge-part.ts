import { sumDropped } from './dropped.js';
import { marks, places } from './facts.js';
import type { Findings } from './findings.js';
import { comparePoints, findGaps } from './gaps.js';
import type { JudgeOptions } from './judge-options.js';
import type { JudgedObject } from './judged-object.js';
import { isCopy } from './naming.js';
import { outOfOrder } from './order.js';
import type { Part } from './part.js';
import { type Chosen, chooseStreams } from './selection.js';
import type { StreamFindings } from './stream-findings.js';
import { timeOf, type Witness } from './witness.js';

/** Most streams have no gaps. */
const nothing: never[] = [];
const hourMs = 3_600_000;

/** What all parts share. */
interface Judged {
  options: JudgeOptions;
  found: Findings;
  witness: Witness;
}

/** How many events rows are. */
interface Counted {
  events: number;
  positions: number;
  /** Their positions are all from 0 to the last. */
  isWhole: boolean;
}

/** Judges the streams of one part. */
export class PartJudge {
  private readonly part: Part;
  private readonly objects: readonly JudgedObject[];
  private readonly options: JudgeOptions;
  private readonly found: Findings;
  private readonly witness: Witness;

  constructor(part: Part, objects: readonly JudgedObject[], { options, found, witness }: Judged) {
    this.part = part;
    this.objects = objects;
    this.options = options;
    this.found = found;
    this.witness = witness;
  }

  run(): void {
    const { part, objects, options } = this;
    const streams = part.facts.streams.count;
    const { start, order } = part.events;
    const chosen = chooseStreams(part, objects, options);
    for (let stream = 0; stream < streams; stream++) if (chosen.has(stream)) this.judgeStream(stream);
    this.addDropped(chosen);
    const unnumbered = order.subarray(start[streams]!, start[streams + 1]!).filter((row) => chosen.hasRow(row));
    this.found.counts.unnumbered += this.countEvents(unnumbered, 0, unnumbered.length).events;
  }

  private addDropped(chosen: Chosen): void {
    const { facts, dropped } = this.part;
    const { count, received, happened, reason } = facts.dropped.at;
    if (facts.dropped.length === 0) return;
    for (let visitor = 0; visitor < facts.streams.count; visitor++) {
      const rows = dropped.order.subarray(dropped.start[visitor]!, dropped.start[visitor + 1]!);
      if (rows.length === 0) continue;
      const counts = Array.from(rows, (row) => ({
        time: timeOf(received.get(row), happened.get(row)),
        reason: reason.get(row),
        count: count.get(row),
        isChosen: chosen.hasDropped(row),
      }));
      sumDropped(counts, this.found.dropped);
    }
  }

  private judgeStream(stream: number): void {
    const { found } = this;
    const { facts, events, claims, held, named } = this.part;
    const [from, to] = [events.start[stream]!, events.start[stream + 1]!];
    const claimCount = claims.start[stream + 1]! - claims.start[stream]!;
    const heldCount = held.start[stream + 1]! - held.start[stream]!;
    const lost = named.lost.get(stream);
    if (from === to && claimCount + heldCount === 0 && lost === undefined) return;
    const counted = this.countEvents(events.order, from, to);
    let told = -1;
    for (let place = claims.start[stream]!; place < claims.start[stream + 1]!; place++) {
      told = Math.max(told, facts.claims.at.seq.get(claims.order[place]!));
    }
    found.counts.acknowledged += named.acknowledged[stream]!;
    const conflicts = counted.events - counted.positions;
    const disorder = this.disorder(from, to);
    found.counts.conflicts += conflicts;
    found.counts.outOfOrder += disorder;
    const last = counted.positions - 1;
    const isPlain = counted.isWhole && told <= last && lost === undefined && heldCount === 0;
    if (isPlain && conflicts + disorder === 0) {
      if (last < 0) return;
      found.streams.total += 1;
      found.streams.gapFree += 1;
      if (told !== last) found.streams.tailUnknown += 1;
      return;
    }
    const findings: StreamFindings = {
      stream,
      events: counted.events,
      held: 0,
      last,
      lost: 0,
      lostAt: nothing,
      missing: 0,
      neverAcknowledged: 0,
      conflicts,
      outOfOrder: disorder,
      gaps: nothing,
      isTailKnown: told === last && told >= 0,
    };
    if (!isPlain) this.addGaps(findings, lost ?? nothing);
    this.add(findings);
  }

  private add(findings: StreamFindings): void {
    const { found } = this;
    if (findings.last < 0) return;
    found.streams.total += 1;
    if (findings.missing === 0 && findings.lost === 0) found.streams.gapFree += 1;
    if (!findings.isTailKnown) found.streams.tailUnknown += 1;
    const isWrong = findings.missing + findings.lost + findings.conflicts + findings.outOfOrder > 0;
    if (isWrong) found.worst.offer(findings, () => this.part.facts.streams.text(findings.stream));
  }

  /** Counts the events of sorted rows. */
  private countEvents(order: Uint32Array, from: number, to: number): Counted {
    const { found } = this;
    const { facts } = this.part;
    const { seq, check } = facts.events.at;
    let copies = 0;
    let positions = 0;
    let before = -1;
    let first = -1;
    let isAcross = false;
    for (let at = from; at < to; at++) {
      const row = order[at]!;
      if (check.get(row) & marks.misfit) found.counts.misfits += 1;
      if (before >= 0 && isCopy(facts, before, row)) {
        copies += 1;
        if (!isAcross && this.partition(row) !== this.partition(first)) {
          found.counts.acrossPartitions += 1;
          isAcross = true;
        }
      } else {
        if (before < 0 || seq.get(before) !== seq.get(row)) positions += 1;
        this.countEvent(row);
        first = row;
        isAcross = false;
      }
      before = row;
    }
    found.counts.rows += to - from;
    found.counts.copies += copies;
    found.counts.events += to - from - copies;
    const last = before < 0 ? -1 : seq.get(before);
    return { events: to - from - copies, positions, isWhole: last === positions - 1 };
  }

  private countEvent(row: number): void {
    const { found } = this;
    const { received, happened, sdk, site, object } = this.part.facts.events.at;
    const hour = found.byHour.of(Math.floor(timeOf(received.get(row), happened.get(row)) / hourMs));
    const version = found.bySdk.of(sdk.get(row));
    hour.events += 1;
    version.events += 1;
    const ms = received.get(row) - happened.get(row);
    if (!Number.isNaN(ms)) {
      found.lateness.add(ms);
      if (ms > this.options.lateMs) {
        found.counts.late += 1;
        hour.late += 1;
        version.late += 1;
      }
    }
    const claimer = this.witness.claimer(this.part.named.events[row] === 1, received.get(row), site.get(row));
    if (claimer === 'unledgered') found.unledgered.events += 1;
    else if (claimer === 'unexplained') {
      if (this.witness.isRecent(object.get(row))) found.underWay.unnamed += 1;
      else {
        found.counts.unexplained += 1;
        hour.unexplained += 1;
      }
    }
  }

  private partition(row: number): string {
    return this.objects[this.part.facts.events.at.object.get(row)]!.partition;
  }

  private disorder(from: number, to: number): number {
    const { facts, events } = this.part;
    const { seq, received, object } = facts.events.at;
    let isOrdered = true;
    for (let at = from + 1; at < to && isOrdered; at++) {
      isOrdered = received.get(events.order[at]!) >= received.get(events.order[at - 1]!);
    }
    if (isOrdered) return 0;
    const rows = events.order.subarray(from, to);
    const firsts = rows.filter((row, at) => at === 0 || !isCopy(facts, rows[at - 1]!, row));
    return outOfOrder(
      Array.from(firsts, (row) => ({ seq: seq.get(row), received: received.get(row), object: object.get(row), row })),
    );
  }

  private addGaps(findings: StreamFindings, notThere: readonly number[]): void {
    const { found, part, witness } = this;
    const { facts } = part;
    const { stream } = findings;
    const inQuarantine = this.addHeld(findings);
    const points = witness.points(part, stream).sort(comparePoints);
    const { gaps, implausible, last, isTailKnown } = findGaps(points, inQuarantine);
    Object.assign(findings, { gaps, last, isTailKnown });
    found.counts.implausible += implausible;
    for (const { first, last: to, claim } of gaps) {
      const count = to - first + 1;
      findings.missing += count;
      found.counts.missing += count;
      if (claim?.claimer === 'unledgered') found.unledgered.missing += count;
      else if (claim !== undefined) {
        findings.neverAcknowledged += count;
        found.counts.neverAcknowledged += count;
        if (claim.by) {
          found.byHour.of(Math.floor(claim.by.time / hourMs)).never_acknowledged += count;
          found.bySdk.of(claim.by.sdk).never_acknowledged += count;
        }
      }
    }
    const lost = notThere.filter((entry) => !witness.isRecentEntry(facts, entry));
    findings.lost = lost.length;
    findings.lostAt = lost.map((entry) => facts.ledger.at.seq.get(entry));
    found.counts.lost += lost.length;
    found.underWay.undelivered += notThere.length - lost.length;
    const { received } = facts.shared.ledgerRows.at;
    for (const entry of lost) {
      found.byHour.of(Math.floor(received.get(facts.ledger.at.row.get(entry)) / hourMs)).lost_by_us += 1;
    }
  }

  /** Adds what is held of a stream; the positions in the quarantine alone, sorted. */
  private addHeld(findings: StreamFindings): number[] {
    const { facts, events, held } = this.part;
    const { stream } = findings;
    const rows = Array.from(held.order.subarray(held.start[stream]!, held.start[stream + 1]!));
    if (rows.length === 0) return nothing;
    const present = new Set<number>();
    for (let place = events.start[stream]!; place < events.start[stream + 1]!; place++) {
      present.add(facts.events.at.seq.get(events.order[place]!));
    }
    const { seq, place, object } = facts.held.at;
    // Of several at one position the last in the order of reading gives the cause.
    const at = (where: number) =>
      new Map(
        rows
          .filter((row) => place.get(row) === where)
          .map((row) => [seq.get(row), this.objects[object.get(row)]!.cause]),
      );
    const errors = at(places.errors);
    const inErrors = [...errors].filter(([each]) => !present.has(each));
    const inQuarantine = [...at(places.quarantine)].filter(([each]) => !present.has(each) && !errors.has(each));
    findings.held = inErrors.length + inQuarantine.length;
    this.found.addHeld('errors', inErrors);
    this.found.addHeld('quarantine', inQuarantine);
    return inQuarantine.map(([each]) => each).sort((a, b) => a - b);
  }
}
