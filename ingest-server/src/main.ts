import { listenForShutdown } from '@millrace/kit/shutdown-signal';
import { createLog } from './log.js';

/**
 * The ingest server as a process, or as several: reads its settings from the environment, logs to stdout, and ends on
 * SIGTERM and SIGINT. With MILLRACE_WORKERS above 1 this process only keeps the others running, which run this file
 * too.
 */

/** An orchestrator kills after 10 s; acknowledged events are safe whenever that comes. */
const forceAfterMs = 9_500;

const write = (line: string) => process.stdout.write(`${line}\n`);
const shutdown = listenForShutdown({
  names: ['SIGTERM', 'SIGINT'],
  onFirst: (signal) => createLog(write).info('closing', { signal }),
  second: 'ignore',
  forceAfterMs,
});
// Loaded after the signals are listened to, because it takes up to a second.
const { run } = await import('./run.js');
process.exit(await run(shutdown, write));
