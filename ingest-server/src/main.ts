import { createLog } from './log.js';
import { listenToEnd } from './told-to-end.js';

/**
 * The ingest server as a process, or as several: settings from the environment, log on stdout, ends on SIGTERM and SIGINT. With
 * MILLRACE_WORKERS above 1 this process only keeps the others running, which are this file once more.
 */

const write = (line: string) => process.stdout.write(`${line}\n`);
const end = listenToEnd(createLog(write));
// Loaded only now, because that takes up to a second.
const { run } = await import('./run.js');
process.exit(await run(end, write));
