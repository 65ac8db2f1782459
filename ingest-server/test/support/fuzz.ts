import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  defaultCatalogue,
  eventErrors,
  ledgerPage,
  ledgerRowSchema,
  quarantinedEventSchema,
  readLedger,
  storedEventSchema,
} from '@millrace/sdk/schema';
import { evenRanges } from '../../src/core/delivery/hash-ranges.js';
import type { Sink } from '../../src/core/delivery/sink.js';
import { testApp } from './app.js';
import { createRandom, hostileRequest } from './fuzz-bodies.js';
import { dataOf } from './memory-sink.js';

export interface FuzzReport {
  requests: number;
  /** Requests by status. */
  statuses: Record<string, number>;
  /** What the answers said. */
  accepted: number;
  rejected: number;
  /** Lines that the stream has. */
  stored: number;
  /** Bytes of the heap that were in use, after a collection: a tenth of the way, and at the end. */
  heap: { early: number; late: number };
}

/** The statuses of a server that is well. */
const well = new Set([200, 400, 401, 403, 413, 415]);
const pages = new Set([...defaultCatalogue.pages, '_other']);
const events = new Set([...defaultCatalogue.events, '_other']);
const codes = new Set(Object.keys(eventErrors).map((code) => `_${code}`));

/** @throws Error when a line is not one that every reader of the lake can take */
function checkLine(line: string, withSchema: boolean) {
  const row = JSON.parse(line) as Record<string, string>;
  const isQuarantined = row.page === '_quarantine';
  if (row.page === ledgerPage) {
    if (readLedger(ledgerRowSchema.parse(row).acknowledged) === undefined) throw new Error(`unreadable: ${line}`);
    return;
  }
  const isFiled = isQuarantined ? codes.has(row.event!) : pages.has(row.page!) && events.has(row.event!);
  if (!isFiled) throw new Error(`filed under page=${row.page}/event=${row.event}: ${line}`);
  if (/[^\\](\\\\)*\\ud[89a-f]/i.test(line)) throw new Error(`half of a surrogate pair: ${line}`);
  if (Buffer.from(line).some((byte) => byte < 0x20)) throw new Error(`a control character: ${JSON.stringify(line)}`);
  if (!withSchema) return;
  const { error } = (isQuarantined ? quarantinedEventSchema : storedEventSchema).safeParse(row);
  if (error !== undefined) throw new Error(`${error.message}: ${line}`);
  // Whole strings: a search for keys alone begins anew at every quotation mark.
  const keys = line.match(/"(?:[^"\\]|\\.)*":?/g)!.filter((text) => text.endsWith(':')).length;
  if (keys !== keysIn(row)) throw new Error(`a key is there twice: ${line}`);
}

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + keysIn(inner), own);
}

function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/**
 * Sends hostile requests through the real app, a few at a time, and checks every answer and every stored line.
 * @throws Error naming the seed and the request at the first that is answered or stored wrongly
 */
export async function fuzz({ requests, seed }: { requests: number; seed: number }): Promise<FuzzReport> {
  let stored = 0;
  let wrong: Error | undefined;
  const sink: Sink = {
    async put(records) {
      for (const record of records) {
        const lines = dataOf(record).toString().split('\n');
        try {
          if (lines.pop() !== '') throw new Error('a record without a line end');
          for (const line of lines) checkLine(line, stored++ % 20 === 0);
        } catch (error) {
          // Thrown from here it would be a stream that is out.
          wrong ??= error as Error;
        }
      }
      return records.map(() => undefined);
    },
    ranges: async () => evenRanges(4),
    read: async () => {},
    close() {},
  };
  const { app, logged } = await testApp({ shedDelayMs: 0, lingerMs: 0, ackTimeoutMs: 60_000 }, { sink });
  const random = createRandom(seed);
  const report: FuzzReport = {
    requests,
    statuses: {},
    accepted: 0,
    rejected: 0,
    stored: 0,
    heap: { early: 0, late: 0 },
  };
  let sent = 0;

  async function sendOne() {
    const at = sent++;
    const { query, headers, body } = hostileRequest(random, at);
    const what = () =>
      `seed ${seed}, request ${at}: ?${query} ${JSON.stringify(headers)} ${JSON.stringify(body.toString('latin1'))}`;
    const answer = await app.inject({ method: 'POST', url: `/v1/events?${query}`, headers, payload: body });
    if (!well.has(answer.statusCode)) throw new Error(`${answer.statusCode} ${answer.body} for ${what()}`);
    if (wrong !== undefined) throw wrong;
    report.statuses[answer.statusCode] = (report.statuses[answer.statusCode] ?? 0) + 1;
    const told = answer.json() as {
      accepted: number;
      rejected: unknown[];
      known?: boolean;
      error?: { code: string; message: string };
    };
    // An empty body under a batch's name only asks.
    if (answer.statusCode === 200 && typeof told.known !== 'boolean') {
      report.accepted += told.accepted;
      report.rejected += told.rejected.length;
    } else if (answer.statusCode !== 200 && (told.error === undefined || told.error.message === ''))
      throw new Error(`${answer.body} for ${what()}`);
  }

  const early = Math.ceil(requests / 10);
  for (const until of [early, requests]) {
    const worker = async () => {
      while (sent < until) await sendOne();
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    report.heap[until === early ? 'early' : 'late'] = heapInUse();
  }
  if (logged.some(({ level }) => level === 'error')) throw new Error(`logged: ${JSON.stringify(logged.at(-1))}`);
  if (({} as { polluted?: unknown }).polluted !== undefined) throw new Error('Object.prototype is polluted');
  report.stored = stored;
  return report;
}
