import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PublishedFeed } from '@millrace/demo-store/live-feed';
import type { Log } from '@millrace/embedded-aws';
import { type ExitCode, MillraceError } from '@millrace/kit/millrace-error';
import { publishRelayed, type RelayedSteps } from './live-relay.js';
import type { StartAwsOptions } from './start-aws.js';
import type { StartedServer } from './started-server.js';

/** What the thread gets: plain data. */
export type AwsThreadOptions = Pick<StartAwsOptions, 'state' | 'port' | 'portOption' | 'timeScale' | 'pipeline'>;

/** What the thread says: where it is, a line of the log, steps for the live view, its end. */
export type AwsThreadMessage =
  | { url: string }
  | { line: string }
  | { steps: RelayedSteps[] }
  | { isClosed: true }
  | { failure: Failure };

interface Failure {
  message: string;
  /** Of a MillraceError. */
  code?: string;
  exitCode?: ExitCode;
  /** Of any other. */
  stack?: string | undefined;
}

/** The embedded AWS on a thread of its own. */
export interface AwsOnThread extends StartedServer {
  /** Rejects when the thread ends without being told to; never resolves. */
  failed: Promise<never>;
}

/**
 * Starts the embedded AWS on a thread of its own, so that what it does holds up neither the ingest server nor the
 * store. A thread, not a process: measured, both take the same CPU time, a process takes 10 MB more, and a thread
 * cannot outlive the process that it belongs to.
 * @param thread what runs there; tests make it fail
 * @throws MillraceError as `startAws`
 */
export async function startAwsOnThread(
  options: AwsThreadOptions,
  { log, feed }: { log: Log; feed: PublishedFeed },
  thread = new URL('./aws-thread.js', import.meta.url),
): Promise<AwsOnThread> {
  const worker = new Worker(thread, { workerData: options });
  const exited = once(worker, 'exit').catch(() => undefined);
  let isClosed = false;
  let started: (url: string) => void;
  const url = new Promise<string>((resolve) => {
    started = resolve;
  });
  const failed = new Promise<never>((_, reject) => {
    worker.on('message', (message: AwsThreadMessage) => {
      if ('line' in message) log(message.line);
      else if ('steps' in message) publishRelayed(feed, message.steps);
      else if ('url' in message) started(message.url);
      else if ('isClosed' in message) isClosed = true;
      else reject(errorOf(message.failure));
    });
    worker.on('error', (error) => reject(ended(`: ${error.stack ?? error.message}`)));
    worker.on('exit', (code) => {
      if (!isClosed) reject(ended(` with ${code}`));
    });
  });
  // It is seen by whoever waits for it, now or later.
  failed.catch(() => undefined);
  return {
    url: await Promise.race([url, failed]),
    failed,
    async close() {
      worker.postMessage('close');
      await exited;
      if (!isClosed) await failed;
    },
  };
}

const ended = (how: string) =>
  new MillraceError(
    'AWS_ENDED',
    `the embedded AWS has ended${how}. What was acknowledged is in the state folder; start again`,
  );

function errorOf({ message, code, exitCode, stack }: Failure): Error {
  if (code !== undefined) return new MillraceError(code, message, exitCode === undefined ? {} : { exitCode });
  return Object.assign(new Error(message), { stack });
}
