import { type LedgerEntry, readLedger } from '@millrace/sdk/schema';

/** An object of a lake, as its key and its lines. */
export interface PlainObject {
  key: string;
  lines: string[];
}

type Json = Record<string, unknown>;
interface Event {
  id: string | null;
  stream: string | null;
  seq: number | null;
  received: number | null;
  happened: number | null;
  page: string;
  partition: string;
  object: string;
  place: number;
  claim: { stream: string; seq: number } | undefined;
  site: string | null;
  visitor: string | null;
  dropped: Record<string, unknown>;
}

const textOf = (value: unknown) => {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object') return Buffer.from(String(value)).toString();
  // What is nested so deep that it has no text is as if it were not there.
  if (depth(value) > 1_000) return null;
  return JSON.stringify(value);
};
function depth(value: object): number {
  let most = 0;
  for (let level: unknown[] = [value]; level.length > 0; most++) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return most;
}
const position = (value: unknown) => {
  const text = textOf(value);
  if (text === null || !/^\s*[+-]?\d+(\.\d+)?(e[+-]?\d+)?\s*$/i.test(text)) return null;
  const seq = Math.sign(Number(text)) * Math.round(Math.abs(Number(text)));
  return seq >= 0 && Number.isSafeInteger(seq) ? seq + 0 : null;
};
const timeOf = (value: unknown) => {
  const ms =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
      ? Date.parse(value.replace(' UTC', 'Z').replace(/\+(\d\d)$/, '+$1:00'))
      : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
};
const parsed = (text: string): Json | undefined => {
  try {
    const json = JSON.parse(text.trim());
    return json && typeof json === 'object' && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
};
/** Firehose writes Base64; what is none is taken as it is. */
const rawText = (rawData: unknown) => {
  if (typeof rawData !== 'string') return '';
  const bytes = Buffer.from(rawData, 'base64');
  return bytes.toString('base64') === rawData ? bytes.toString() : rawData;
};
const bits = (id: string | null) => (id === null ? '' : id.slice(-6).toLowerCase());
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bitsOfCheck = (check: string) =>
  [...check]
    .reduce((sum, digit) => sum * 64 + alphabet.indexOf(digit), 0)
    .toString(16)
    .padStart(6, '0');

/**
 * What the audit must say, by the rules of docs/guarantees.md taken word for word: position by position, over objects and
 * maps, without a thought for speed.
 */
export function reference(objects: PlainObject[]) {
  const events: Event[] = [];
  const held: { place: string; stream: string; seq: number; bits: string; claim: Event['claim'] }[] = [];
  const ledger: (LedgerEntry & { bits: string })[] = [];
  const rows = new Map<string, Set<number>>();
  let ledgerFrom = Number.POSITIVE_INFINITY;
  let ledgerRows = 0;
  let unreadable = 0;
  let unreadableRows = 0;

  const claimOf = (json: Json) => {
    const [stream, seq] = [textOf(json.after_stream_id), position(json.after_seq)];
    return stream === null || seq === null ? undefined : { stream, seq };
  };
  const hold = (place: string, json: Json | undefined) => {
    if (!json) return;
    const [stream, seq] = [textOf(json.stream_id), position(json.seq)];
    const claim = place === 'errors' ? claimOf(json) : undefined;
    held.push({
      place,
      stream: stream ?? '',
      seq: stream === null ? -1 : (seq ?? -1),
      bits: bits(textOf(json.event_id)),
      claim,
    });
  };
  for (const { key, lines } of objects) {
    const page = /^page=([^/]*)/.exec(key)?.[1];
    for (const [place, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const json = parsed(line);
      if (!json) {
        if (page !== undefined) unreadable += 1;
      } else if (page === undefined) {
        for (const text of rawText(json.rawData).split('\n')) hold('errors', parsed(text));
      } else if (page === '_quarantine') hold('quarantine', parsed(String(json.raw)));
      else if (page === '_ledger') {
        ledgerRows += 1;
        ledgerFrom = Math.min(ledgerFrom, timeOf(json.received_at) ?? ledgerFrom);
        const [server, number] = [textOf(json.server), position(json.server_row)];
        const acknowledged = textOf(json.acknowledged);
        if (server !== null && number !== null && acknowledged !== null)
          rows.set(server, (rows.get(server) ?? new Set()).add(number));
        const isWhole = server !== null && number !== null && acknowledged !== null;
        const entries = isWhole ? readLedger(acknowledged) : undefined;
        if (entries === undefined) unreadableRows += 1;
        for (const entry of entries ?? []) ledger.push({ ...entry, bits: bitsOfCheck(entry.check) });
      } else {
        const seq = position(json.seq);
        events.push({
          id: textOf(json.event_id),
          stream: textOf(json.stream_id),
          seq,
          received: timeOf(json.received_at),
          happened: timeOf(json.occurred_at) ?? timeOf(json.event_time),
          page,
          partition: key.split('/').slice(0, 2).join('/'),
          object: key,
          place,
          claim: claimOf(json),
          site: textOf(json.site),
          visitor: textOf(json.visitor_id),
          dropped: ((json.properties as Json)?.tracker_dropped ?? {}) as Json,
        });
      }
    }
  }

  // Of a server whose first row is missing nobody knows since when it wrote.
  if ([...rows.values()].some((numbers) => !numbers.has(0))) ledgerFrom = Number.NEGATIVE_INFINITY;

  const isNamed = (event: Event) =>
    event.id !== null &&
    ledger.some((each) => each.streamId === event.stream && each.seq === event.seq && each.bits === bits(event.id));
  for (const event of events) if (isNamed(event)) ledgerFrom = Math.min(ledgerFrom, event.received ?? ledgerFrom);
  const hasSites = events.some((event) => isNamed(event) && event.site !== null);
  // The copy received first stays.
  const byId = new Map<string, Event[]>();
  for (const event of events) {
    const id = event.id === null ? `without ${byId.size}` : JSON.stringify([event.id, event.stream, event.seq]);
    byId.set(id, [...(byId.get(id) ?? []), event]);
  }
  const arrival = (event: Event) => event.received ?? Number.MAX_VALUE;
  const firsts = [...byId.values()].map((copies) => copies.reduce((a, b) => (arrival(b) < arrival(a) ? b : a)));
  const across = [...byId.values()].filter((copies) => new Set(copies.map((each) => each.partition)).size > 1).length;
  const numbered = firsts.filter((each) => each.stream !== null && each.seq !== null);

  const lostKeys = new Set<string>();
  for (const { streamId, seq, bits: check } of ledger) {
    const isEvent = events.some((each) => each.stream === streamId && each.seq === seq && bits(each.id) === check);
    const isHeld = held.some((each) => each.stream === streamId && each.seq === seq && each.bits === check);
    if (!isEvent && !isHeld) lostKeys.add(JSON.stringify([streamId, seq, check]));
  }
  const lost = [...lostKeys].map((key) => JSON.parse(key) as [string, number, string]);

  const claimerOf = (event: Event | undefined) => {
    if (event === undefined) return ledgerRows > 0 ? 'acknowledged' : 'unledgered';
    if (isNamed(event)) return 'acknowledged';
    const isOfLedger = (event.site !== null || !hasSites) && event.received !== null && event.received >= ledgerFrom;
    return isOfLedger ? 'unexplained' : 'unledgered';
  };
  const sums = {
    missing: 0,
    never: 0,
    unledgeredMissing: 0,
    implausible: 0,
    conflicts: 0,
    disorder: 0,
    inErrors: 0,
    inQuarantine: 0,
    total: 0,
    gapFree: 0,
    tailUnknown: 0,
  };
  const claims = [
    ...events.flatMap((event) => (event.claim ? [{ ...event.claim, event }] : [])),
    ...held.flatMap(({ claim }) => (claim ? [{ ...claim, event: undefined }] : [])),
  ];
  const streams = new Set([
    ...numbered.map((each) => each.stream!),
    ...lost.map(([stream]) => stream),
    ...held.filter(({ seq }) => seq >= 0).map(({ stream }) => stream),
    ...claims.map(({ stream }) => stream),
  ]);
  const perStream = new Map<string, { missing: number; lost: number }>();
  for (const stream of streams) {
    const own = numbered.filter((each) => each.stream === stream);
    const there = new Set(own.map((each) => each.seq!));
    const errors = new Set(
      held.filter((each) => each.stream === stream && each.place === 'errors' && each.seq >= 0).map(({ seq }) => seq),
    );
    const refused = new Set(
      held
        .filter((each) => each.stream === stream && each.place === 'quarantine' && each.seq >= 0)
        .map(({ seq }) => seq),
    );
    for (const seq of errors) if (!there.has(seq)) sums.inErrors += 1;
    for (const seq of refused) if (!there.has(seq) && !errors.has(seq)) sums.inQuarantine += 1;
    const lostHere = new Set(lost.filter(([of]) => of === stream).map(([, seq]) => seq));
    const known = new Set([...there, ...errors, ...lostHere]);
    const told = claims.filter((each) => each.stream === stream);
    let last = -1;
    let end = -1;
    let missing = 0;
    const steps = [...new Set([...known, ...told.map(({ seq }) => seq)])].sort((a, b) => a - b);
    for (const seq of steps) {
      const isTold = !known.has(seq);
      const tellers = told.filter((each) => each.seq === seq);
      const to = isTold ? seq : seq - 1;
      if (to - last > 10_000) {
        // Every teller makes a claim of its own; one that an event bears out only the event.
        sums.implausible += isTold ? tellers.length : 1;
        if (isTold) continue;
      } else {
        let claimer: string;
        if (isTold) {
          const all = tellers.map((each) => claimerOf(each.event));
          claimer = (['unledgered', 'acknowledged', 'unexplained'] as const).find((each) => all.includes(each))!;
        } else if (there.has(seq)) {
          const all = events.filter((each) => each.stream === stream && each.seq === seq).map(claimerOf);
          if (errors.has(seq)) all.push(claimerOf(undefined));
          claimer = (['unledgered', 'acknowledged', 'unexplained'] as const).find((each) => all.includes(each))!;
        } else claimer = errors.has(seq) ? claimerOf(undefined) : 'acknowledged';
        for (let at = last + 1; at <= to; at++) {
          if (refused.has(at)) continue;
          missing += 1;
          if (claimer === 'unledgered') sums.unledgeredMissing += 1;
          else sums.never += 1;
        }
      }
      if (!isTold && lostHere.has(seq) && !there.has(seq) && !errors.has(seq) && !refused.has(seq)) missing += 1;
      if (tellers.length > 0) end = seq;
      last = seq;
    }
    const seen = Math.max(-1, ...known);
    sums.missing += missing;
    sums.conflicts += own.length - there.size;
    if (last < 0) continue;
    sums.total += 1;
    if (missing === 0 && lostHere.size === 0) sums.gapFree += 1;
    if (!(end >= 0 && end >= seen)) sums.tailUnknown += 1;
    perStream.set(stream, { missing, lost: lost.filter(([of]) => of === stream).length });
    for (const event of own) {
      const overtook = own.some((other) =>
        event.received === null
          ? other.received === null &&
            other.object === event.object &&
            other.place < event.place &&
            other.seq! > event.seq!
          : other.received !== null && other.received < event.received && other.seq! > event.seq!,
      );
      if (overtook) sums.disorder += 1;
    }
  }
  const late = firsts.flatMap(({ received, happened }) =>
    received === null || happened === null ? [] : [received - happened],
  );
  late.sort((a, b) => a - b);
  const quantile = (part: number) => late[Math.max(1, Math.ceil(part * late.length)) - 1] ?? null;
  const missingRows = [...rows.values()].reduce((sum, numbers) => sum + Math.max(...numbers) + 1 - numbers.size, 0);
  const unexplained = firsts.filter((each) => claimerOf(each) === 'unexplained').length;
  // Each event of a visitor counts what it adds to the totals of the one before.
  const dropped: Record<string, number> = {};
  const totals = new Map<string, number>();
  const time = (event: Event) => event.received ?? event.happened ?? Number.NaN;
  for (const event of [...events].sort((a, b) => time(a) - time(b))) {
    for (const [reason, count] of Object.entries(event.dropped)) {
      if (typeof count !== 'number' || !(count > 0) || event.visitor === null) continue;
      const key = JSON.stringify([event.visitor, reason]);
      const before = totals.get(key) ?? 0;
      totals.set(key, count);
      const added = count < before ? count : count - before;
      if (added > 0 && added <= 10_000) dropped[reason] = (dropped[reason] ?? 0) + added;
    }
  }
  return {
    tracker_dropped: dropped,
    rows: events.length,
    events: firsts.length,
    missing: sums.missing,
    lost_by_us: ledgerRows === 0 ? null : lost.length,
    never_acknowledged: sums.never,
    implausible: sums.implausible,
    without_ledger: {
      events: firsts.filter((each) => claimerOf(each) === 'unledgered').length,
      missing: sums.unledgeredMissing,
    },
    unexplained,
    held: { quarantine: sums.inQuarantine, errors: sums.inErrors },
    duplicates: { rows: events.length - firsts.length, across_partitions: across },
    conflicts: sums.conflicts,
    out_of_order: sums.disorder,
    late: {
      threshold_ms: 60_000,
      events: late.filter((ms) => ms > 60_000).length,
      timed: late.length,
      p50_ms: quantile(0.5),
      p99_ms: quantile(0.99),
      max_ms: late.at(-1) ?? null,
    },
    unnumbered: firsts.length - numbered.length,
    streams: { total: sums.total, gap_free: sums.gapFree, tail_unknown: sums.tailUnknown },
    unreadable,
    missingRows,
    unreadableRows,
    acknowledged: new Set(ledger.map(({ streamId, seq, bits: check }) => JSON.stringify([streamId, seq, check]))).size,
    perStream,
  };
}
