import { listenForShutdown } from '@millrace/kit/shutdown-signal';
import { type CarryOptions, type CarrySummary, carry, type Feeding } from '../sending/carry.js';
import type { Sink } from '../sending/sink.js';
import { createAcknowledgedFile } from './acknowledged-file.js';
import { exitCodeOf, type TrafficExitCode } from './exit-code.js';
import { createRefusalLog, progressLine, summaryJson, summaryText } from './report.js';

/** Traffic, and how its command shows it. */
export interface RunOptions extends Omit<CarryOptions, 'signal' | 'onRefused' | 'onProgress' | 'sink' | keyof Feeding> {
  /** Makes the sink. `log` writes a line without breaking the progress line. */
  sink(log: (line: string) => void): Sink;
  /** How the sink is fed. */
  feed(sink: Sink): Feeding;
  /** `json`: the totals as one object on stdout. `text`: for people, on stdout. `aside`: for people, on stderr. */
  totals: 'json' | 'text' | 'aside';
  /** Draws progress on stderr when that is a terminal. */
  progress: boolean;
  /** How many events there will be, when that is known. */
  expected?: number | undefined;
  /** It has no end of its own: Ctrl-C is its end, and interrupts nothing once every event has its answer. */
  endless?: boolean | undefined;
  /** How many things it was given and did not even try to send, taken at the end: done in part. */
  leftOut?: (() => number) | undefined;
  /** A file for the acknowledged events. */
  out?: string | undefined;
  /** Further fields of the JSON totals, taken at the end. */
  extra?: () => Record<string, unknown>;
}

/**
 * Runs traffic as a command: progress, Ctrl-C, totals. A failure goes to stderr and into the summary. The exit code is
 * that of `exitCodeOf`.
 * @throws MillraceError `FILE_UNWRITABLE` when `out` cannot be created
 */
export async function runTraffic(options: RunOptions): Promise<{ exitCode: TrafficExitCode; summary: CarrySummary }> {
  const drawing = options.progress && process.stderr.isTTY === true;
  let drawn = false;
  const clear = () => {
    if (drawn) process.stderr.write('\r\x1b[K');
    drawn = false;
  };
  const log = (line: string) => {
    clear();
    console.error(`millrace: ${line}`);
  };
  const out = options.out === undefined ? undefined : createAcknowledgedFile(options.out);
  const sink = options.sink(log);
  const stop = listenForShutdown({
    output: process.stdout,
    onFirst: () => log('stopping: waiting for the events in flight (Ctrl-C again stops at once)'),
  });
  const summary = await carry({
    ...options,
    ...options.feed(sink),
    sink,
    signal: stop.signal,
    onRefused: createRefusalLog(log),
    onAcknowledged(event, settled) {
      out?.add(event);
      options.onAcknowledged?.(event, settled);
    },
    onProgress(progress) {
      if (!drawing) return;
      process.stderr.write(
        `\r\x1b[K${progressLine(progress, options.expected).slice(0, (process.stderr.columns ?? 80) - 1)}`,
      );
      drawn = true;
    },
  });
  stop.release();
  clear();
  const settled = summary.acknowledged + summary.refused;
  // Ctrl-C may come when all is done, and is what ends a job without an end.
  if (summary.unacknowledged === 0 && (options.endless || settled === options.expected)) summary.interrupted = false;
  try {
    out?.close();
  } catch (error) {
    summary.failure ??= error as Error;
  }
  if (options.totals === 'json') console.log(summaryJson(summary, options.expected, options.extra?.()));
  else (options.totals === 'text' ? console.log : console.error)(summaryText(summary, sink.target, options.expected));
  if (summary.failure) log(summary.failure.message);
  return { exitCode: exitCodeOf(summary, options.leftOut?.() ?? 0), summary };
}
