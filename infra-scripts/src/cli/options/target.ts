import { limits } from '@millrace/sdk/schema/limits';
import { Option } from 'commander';
import { seconds, wholeNumber } from './values.js';

/** `--key`, demo unless given. */
export const keyOption = () => new Option('--key <key>', "the site's write key, for the ingest server").default('demo');

/** `--batch`: events in one request. */
export const batchOption = () =>
  new Option('--batch <n>', `most events in one request, to the ingest server (${limits.batchEvents})`).argParser(
    wholeNumber('The batch', 1, limits.batchEvents),
  );

/** `--connections`: requests under way at once. */
export const connectionsOption = () =>
  new Option('--connections <n>', 'most requests under way at once, to the ingest server (16)').argParser(
    wholeNumber('The number of connections', 1, 1_000),
  );

/** `--out`, the file of acknowledged events. */
export const outOption = () =>
  new Option('--out <file>', 'write event_id, visitor_id, stream_id and seq of each acknowledged event as JSON Lines');

/** `--endpoint-url`, for commands that put into a stream. */
export const endpointOption = () =>
  new Option('--endpoint-url <url>', 'the AWS endpoint (AWS_ENDPOINT_URL, else the embedded AWS that runs here)');

/** `--region`, for commands that put into a stream. */
export const regionOption = () => new Option('--region <region>', 'AWS itself, in this region');

/** `--state`, for commands that find running servers by it. */
export const stateOfServersOption = () =>
  new Option('--state <folder>', 'the state folder of the servers that run here (MILLRACE_STATE, else .millrace)');

/** `--give-up-after`, for commands that try until a server or the stream takes everything. */
export const giveUpAfterOption = (parse: (text: string) => number = seconds('The time')) =>
  new Option('--give-up-after <s>', 'fail after this number of seconds without a success')
    .default(120)
    .argParser(parse);
