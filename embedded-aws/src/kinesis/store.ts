import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderLock, lockFolder } from '@millrace/kit/folder-lock';
import { localAccountId as accountId } from '@millrace/kit/local-aws';
import { MillraceError } from '@millrace/kit/millrace-error';
import { AwsError } from '../json-service/aws-error.js';
import { type LogDisk, machineDisk } from '../record-log/disk.js';
import { openRecordLog, type RecordLog } from '../record-log/record-log.js';
import type { Log } from '../service.js';
import { takeOver } from './from-0.1.0/take-over.js';
import { isOpen, type OpenShard, openShards } from './shard-map.js';
import type { StoredStream } from './stored-stream.js';
import { logsFolder, readStreams, writeStreams } from './streams-file.js';

/** A stream with its records. */
export interface OpenStream {
  readonly stream: StoredStream;
  readonly log: RecordLog;
  readonly shards: readonly OpenShard[];
  /** A change of its shards that runs: whoever appends waits for it, and looks again. */
  readonly changing?: Promise<void>;
}

/** Streams and their records on disk. Streams are in memory, too: to look at one costs no I/O. */
export interface KinesisStore {
  /** @throws AwsError ResourceNotFoundException. */
  stream(name: string): Promise<StoredStream>;
  /** All of them, by name. */
  streams(): Promise<StoredStream[]>;
  /** @throws AwsError ResourceNotFoundException. */
  opened(name: string): OpenStream;
  /** @throws AwsError ResourceInUseException. */
  create(stream: StoredStream): Promise<void>;
  /** Changes a stream, whole or not at all, while nobody puts records into it. */
  update(name: string, change: (stream: StoredStream) => void): Promise<void>;
  delete(name: string): Promise<void>;
  close(): Promise<void>;
}

type Entry = { -readonly [Member in keyof OpenStream]: OpenStream[Member] };

/**
 * @throws MillraceError that names the folder or the file and says what to do, when it is in use, damaged or cannot be
 * written.
 */
export async function openStore(folder: string, log: Log, disk: LogDisk = machineDisk): Promise<KinesisStore> {
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(folder, (pid) => inUse(folder, pid));
  try {
    await lock.settle();
    return await openLocked(folder, log, lock, disk);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(folder: string, log: Log, lock: FolderLock, disk: LogDisk): Promise<KinesisStore> {
  const entries = new Map<string, Entry>();
  const open = async (stream: StoredStream): Promise<Entry> => ({
    stream,
    shards: openShards(stream),
    log: await openRecordLog({
      folder: join(logsFolder(folder), stream.id),
      log: (line) => log(`Kinesis: stream ${stream.StreamName}: ${line}`),
      disk,
      next: Math.max(1, ...stream.spans.map(({ from, to }) => to ?? from)),
    }),
  });
  await takeOver(folder, log);
  const kept = await readStreams(folder);
  if (kept === undefined) await refuseRecordsAlone(folder);
  for (const stream of kept ?? []) entries.set(stream.StreamName, await open(stream));
  await removeLeftOvers(logsFolder(folder), new Set(kept?.map(({ id }) => id)));

  /** Changes of the file, one after another. */
  let saving = Promise.resolve();
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = saving.then(work);
    saving = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  const sorted = () =>
    [...entries.values()].map(({ stream }) => stream).sort((a, b) => (a.StreamName < b.StreamName ? -1 : 1));

  async function save(streams: readonly StoredStream[]): Promise<void> {
    try {
      await writeStreams(folder, streams);
    } catch (error) {
      // It may have failed at its very end: what is refused must not be on disk.
      await writeStreams(folder, sorted()).catch(() => undefined);
      throw error;
    }
  }

  function opened(name: string): Entry {
    const entry = entries.get(name);
    if (entry !== undefined) return entry;
    throw new AwsError('ResourceNotFoundException', `Stream ${name} under account ${accountId} not found.`);
  }

  /** In turn. */
  async function change(name: string, work: (entry: Entry) => Promise<void>): Promise<void> {
    const entry = opened(name);
    const done = work(entry);
    entry.changing = done.catch(() => undefined);
    try {
      await done;
    } finally {
      delete entry.changing;
    }
  }

  return {
    stream: async (name) => opened(name).stream,
    streams: async () => sorted(),
    opened,
    create: (stream) =>
      inTurn(async () => {
        const name = stream.StreamName;
        if (entries.has(name))
          throw new AwsError('ResourceInUseException', `Stream ${name} under account ${accountId} already exists.`);
        const entry = await open(stream);
        await save([...sorted(), stream]);
        entries.set(name, entry);
      }),
    update: (name, alter) =>
      inTurn(() =>
        change(name, async (entry) => {
          await entry.log.settled();
          const stream = structuredClone(entry.stream);
          alter(stream);
          spanShards(stream, entry.log.next());
          await save(sorted().map((one) => (one === entry.stream ? stream : one)));
          Object.assign(entry, { stream, shards: openShards(stream) });
        }),
      ),
    delete: (name) =>
      inTurn(() =>
        change(name, async (entry) => {
          await save(sorted().filter((one) => one !== entry.stream));
          entries.delete(name);
          await entry.log.close();
          await rm(join(logsFolder(folder), entry.stream.id), { recursive: true, force: true });
        }),
      ),
    async close() {
      await saving;
      for (const entry of entries.values()) await entry.log.close();
      await lock.release();
    },
  };
}

/** Notes where in the log new shards begin, and closed ones end. */
function spanShards({ Shards, spans }: StoredStream, next: number): void {
  for (const [index, shard] of Shards.entries()) {
    spans[index] ??= { from: next };
    if (!isOpen(shard)) spans[index].to ??= next;
  }
}

/** Logs of streams that are gone, or were not made: a process may be killed between the two. */
async function removeLeftOvers(logs: string, kept: ReadonlySet<string>): Promise<void> {
  const found = await readdir(logs).catch(() => []);
  for (const id of found) if (!kept.has(id)) await rm(join(logs, id), { recursive: true, force: true });
}

/** Before the first list of streams is written, a log has no records: with records, the list is lost. */
async function refuseRecordsAlone(folder: string): Promise<void> {
  const files = await readdir(logsFolder(folder), { recursive: true }).catch(() => []);
  if (files.some((file) => file.endsWith('.log')))
    throw new MillraceError(
      'STATE_DAMAGED',
      `The Kinesis store in ${folder} is damaged (its file streams.json is missing, and there are records). Put back a copy of that file, or move the folder away: ` +
        'an empty store takes its place, and the streams are lost with their undelivered records. Delivered objects lie elsewhere and stay.',
    );
}

const inUse = (folder: string, pid: number) =>
  new MillraceError(
    'STATE_IN_USE',
    `The Kinesis store in ${folder} is in use by process ${pid}. Stop that process, or choose another folder.`,
  );
