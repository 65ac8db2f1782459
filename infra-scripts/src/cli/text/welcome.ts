import { bucketFolder } from '@millrace/embedded-aws/bucket-folder';
import { pathFrom } from './path-from.js';
import { quoted } from './quoted.js';

/** What the welcome names. */
export interface Welcome {
  storeUrl: string;
  ingestUrl: string;
  awsUrl: string;
  /** The state folder in use, absolute. */
  state: string;
  /** The state folder that a command typed in `cwd` finds without being told. */
  stateFoundByItself: string;
  cwd: string;
  /** How the command is called from `cwd`: `./millrace`. */
  launcher: string;
  /** Absent when no shoppers run. */
  traffic?: { eventsPerSecond: number; maxEvents: number };
}

/**
 * What `millrace dev` prints once all runs: fits 80 columns and 24 lines, and each command in it works as it stands.
 */
export function welcome({
  storeUrl,
  ingestUrl,
  awsUrl,
  state,
  stateFoundByItself,
  cwd,
  launcher,
  traffic,
}: Welcome): string {
  const elsewhere = state === stateFoundByItself ? '' : `    export MILLRACE_STATE=${quoted(state)}\n`;
  const shoppers = traffic
    ? `Synthetic shoppers: ${traffic.eventsPerSecond} events a second, at most ${traffic.maxEvents.toLocaleString('en')} (none: --no-traffic).`
    : 'No synthetic shoppers: only your own clicks.';
  return `
  Millrace runs. Click something in the store: in two seconds it is in the lake.

    Demo store     ${storeUrl}
    Live view      ${storeUrl}/live
    Ingest server  ${ingestUrl}  (write key demo)
    AWS endpoint   ${awsUrl}  (Kinesis, Data Firehose, S3)
    Lake           ${bucketFolder(pathFrom(cwd, state), 'millrace-lake')}

  In another terminal:

${elsewhere}    ${launcher} ls
    ${launcher} query "select * from events where page='books' limit 5"
    ${launcher} audit
    ${launcher} generate clickstream 1 1
    aws s3 ls --no-sign-request --endpoint-url ${awsUrl}

  ${shoppers}
  Ctrl-C stops everything and loses nothing; the next start goes on from there.
`;
}
