import { isAbsolute, relative } from 'node:path';
import { bucketFolder } from '@millrace/embedded-aws';

export interface Welcome {
  storeUrl: string;
  ingestUrl: string;
  awsUrl: string;
  /** The state folder in use, absolute. */
  state: string;
  /** The state folder that a command typed in `cwd` finds without being told. */
  stateFoundByItself: string;
  cwd: string;
  /** Absent when no shoppers run. */
  traffic?: { eventsPerSecond: number; maxEvents: number };
}

/** A folder inside `cwd` as the way to it, any other from the root. */
function pathFrom(cwd: string, folder: string): string {
  const way = relative(cwd, folder);
  if (way === '') return '.';
  return way.startsWith('..') || isAbsolute(way) ? folder : way;
}

const quoted = (path: string) => (/^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** What `millrace dev` says once all runs: fits 80 columns and 24 lines, and each command in it works as it stands. */
export function welcome({ storeUrl, ingestUrl, awsUrl, state, stateFoundByItself, cwd, traffic }: Welcome): string {
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

${elsewhere}    npx millrace ls
    npx millrace query "select * from events where page='books' limit 5"
    npx millrace audit
    npx millrace generate clickstream 1 1
    aws s3 ls --no-sign-request --endpoint-url ${awsUrl}

  ${shoppers}
  Ctrl-C stops everything and loses nothing; the next start goes on from there.
`;
}
