import { join } from 'node:path';
import { readState, type StateFormat, writeState } from '../state-file.js';
import type { StoredStream } from './stored-stream.js';

const format: StateFormat = {
  format: 'millrace-kinesis-streams',
  version: 1,
  remedy:
    'move the folder that it is in away: an empty store takes its place, and the streams are lost with their undelivered records. Delivered objects lie elsewhere and stay.',
};

/** The file with the streams of a store. */
export const streamsFile = (folder: string): string => join(folder, 'streams.json');
/** The folder with a log for each stream of a store. */
export const logsFolder = (folder: string): string => join(folder, 'records');

/** All streams; undefined where there is no file. @throws MillraceError naming the file when it is damaged */
export async function readStreams(folder: string): Promise<StoredStream[] | undefined> {
  const data = (await readState(streamsFile(folder), format)) as { streams: StoredStream[] } | undefined;
  return data?.streams;
}

/** Replaces all streams, whole and durably. */
export const writeStreams = (folder: string, streams: readonly StoredStream[]): Promise<void> =>
  writeState(streamsFile(folder), format, { streams });
