import { MillraceError } from '@millrace/kit/millrace-error';
import { logLines } from '../../deploy/logs.js';
import { statusOf } from '../../deploy/status.js';
import { harmless } from '../text/table.js';
import { type DeployOptions, deploying } from './deploying.js';

/** The options of `millrace logs`. */
export interface LogsOptions extends DeployOptions {
  delivery?: true;
  /** Milliseconds before now. */
  since: number;
  follow?: true;
}

/** Prints the lines of a log group of the deployment. */
export function logs(options: LogsOptions): Promise<void> {
  return deploying(options, ['cloudFormation', 'firehose', 'ssm', 'logs'], async ({ clients, signal }) => {
    const { outputs } = await statusOf(clients, options.name);
    if (!outputs.StreamName)
      throw new MillraceError('NOT_DEPLOYED', `there is no ${options.name} in this region, or AWS still creates it`, {
        exitCode: 4,
      });
    const group = options.delivery
      ? `/aws/kinesisfirehose/${outputs.DeliveryStreamName}`
      : `/millrace/${outputs.StreamName}/ingest`;
    const sinceMs = Date.now() - options.since;
    for await (const line of logLines(clients.logs, { group, sinceMs, follow: options.follow === true, signal })) {
      console.log(options.json ? JSON.stringify(line) : `${line.time} ${line.from} ${harmless(line.message)}`);
    }
  });
}
