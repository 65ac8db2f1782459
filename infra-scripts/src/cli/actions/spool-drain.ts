import { type Drained, drainSpool } from '@millrace/ingest-server/spool';
import { listenForShutdown } from '@millrace/kit/shutdown-signal';
import { logOutput } from '../../runtime/log-output.js';
import { type AwsTargetOptions, writableAwsTarget } from '../../targets/aws-target.js';
import { asCalled } from '../text/as-called.js';
import { drainedText } from '../text/spool-text.js';
import { groupDigits } from '../text/table.js';
import { lookAtSpoolFolder } from './spool-folder.js';

/** The options of `millrace spool drain`. */
export interface SpoolDrainOptions extends AwsTargetOptions {
  stream: string;
  /** Seconds. */
  giveUpAfter: number;
  json?: true;
}

/**
 * Puts what a spool holds to the stream. The exit code is 0 when the stream has all of it, 3 when some of it cannot be
 * read, 1 when it was not delivered or nothing can be read.
 */
export async function spoolDrain(given: string, options: SpoolDrainOptions): Promise<void> {
  const { folder, look } = await lookAtSpoolFolder(given);
  const { clientConfig, description } = writableAwsTarget(options);
  const { signal, release } = listenForShutdown({
    onFirst: () => console.error('millrace: stopping: what is not in the stream stays in the spool …'),
  });
  const { requestHandler: _, ...target } = clientConfig;
  try {
    const drained = await drainSpool({
      folder,
      stream: options.stream,
      description,
      clientConfig: target,
      log: logOutput('spool'),
      signal,
      giveUpAfterMs: options.giveUpAfter * 1_000,
      ...(process.stderr.isTTY && !options.json ? { progress: showProgress } : {}),
    });
    if (options.json) console.log(JSON.stringify(totals(drained, look.events)));
    else console.log(asCalled(drainedText(drained)));
    if (drained.failure !== undefined) console.error(`millrace: ${drained.failure}`);
    process.exitCode = exitCodeOf(drained);
  } finally {
    release();
  }
}

function showProgress(delivered: number, left: number): void {
  process.stderr.write(`\r${groupDigits(delivered)} events put, ${groupDigits(left)} left \u001b[K\r`);
}

const totals = ({ interrupted, failure, ...counts }: Drained, expected: number) => ({
  interrupted,
  expected: expected + counts.recovered,
  done: counts.delivered,
  left: counts.left,
  recovered: counts.recovered,
  unproved: counts.unproved,
  unreadable_pieces: counts.unreadable.pieces,
  unreadable_bytes: counts.unreadable.bytes,
  failure: failure ?? null,
});

function exitCodeOf({ interrupted, failure, left, delivered, unreadable }: Drained): number {
  if (interrupted && left > 0) return 130;
  if (failure !== undefined) return 1;
  if (unreadable.pieces === 0) return 0;
  return delivered > 0 ? 3 : 1;
}
