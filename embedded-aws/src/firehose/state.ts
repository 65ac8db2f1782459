import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import { hasLogs } from '../record-log/has-logs.js';
import type { RecordLog } from '../record-log/record-log.js';
import type { Log } from '../service.js';
import { removeState } from '../state-file.js';
import { type Definitions, type DeliveryStreamDefinition, openDefinitions } from './api/definitions.js';
import { createDirectPutLogs } from './direct-put/logs.js';
import type { DirectPut } from './direct-put/put-records.js';
import { deliveredUpTo } from './direct-put/source.js';
import type { DeliveryClock } from './ports.js';
import type { Position } from './read/position.js';
import { createPositionStore, type PositionStore } from './read/position-store.js';

/** What is on disk of one delivery stream. */
export interface StreamState {
  /** How far it was delivered. */
  stored: Map<string, Position>;
  positions: PositionStore;
  /** Its log, where records are put straight into it. */
  records?: RecordLog;
}

/** The folder of Data Firehose: delivery streams, and of each its positions and its log. */
export interface FirehoseState {
  definitions: Definitions;
  open(definition: DeliveryStreamDefinition): Promise<StreamState>;
  directPut(definition: DeliveryStreamDefinition): Promise<DirectPut>;
  remove(definition: DeliveryStreamDefinition): Promise<void>;
  close(): Promise<void>;
}

/** The options of `openState`. */
export interface StateOptions {
  folder: string;
  clock: DeliveryClock;
  /** How many bytes of records that were put may wait for S3. */
  backlogBytes?: number | undefined;
  /** The log of one delivery stream. */
  logOf: (name: string) => Log;
}

/** @throws Error naming the file and what to do when the stored state is damaged */
export async function openState({ folder, clock, backlogBytes, logOf }: StateOptions): Promise<FirehoseState> {
  const positionsFolder = join(folder, 'positions');
  await mkdir(positionsFolder, { recursive: true });
  const list = join(folder, 'delivery-streams.json');
  await requireList(list, join(folder, 'direct-put'));
  const definitions = await openDefinitions(list);
  const logs = createDirectPutLogs(join(folder, 'direct-put'), { now: clock.wallMs, backlogBytes });
  const pathOf = (id: string) => join(positionsFolder, `${id}.json`);

  async function open({ id, name, source }: DeliveryStreamDefinition): Promise<StreamState> {
    let records: RecordLog | undefined;
    const positions = createPositionStore(pathOf(id), clock, logOf(name), (stored) => {
      const delivered = deliveredUpTo(stored);
      if (delivered !== undefined) void records?.trim(delivered + 1).catch(() => undefined);
    });
    const stored = await positions.load();
    if (source) return { stored, positions };
    ({ records } = await logs.open(id, deliveredUpTo(stored) ?? 0, logOf(name)));
    return { stored, positions, records };
  }

  /** Positions and logs of delivery streams that are gone: a crash may come between the files. */
  async function removeLeftOvers(): Promise<void> {
    const kept = new Set(definitions.all().map(({ id }) => id));
    for (const file of await readdir(positionsFolder)) {
      if (!kept.has(file.replace(/\.json(\.new)?$/, ''))) await removeState(join(positionsFolder, file));
    }
    await logs.keepOnly(kept);
  }

  // Finds damage now, before any request is answered, rather than in a worker later.
  await Promise.all(definitions.all().map(open));
  await removeLeftOvers();

  return {
    definitions,
    open,
    // `openState` has opened the logs that existed, with how far they were delivered: 0 is for a new one.
    directPut: async ({ id, name }) => (await logs.open(id, 0, logOf(name))).directPut,
    async remove({ id, name }) {
      await definitions.remove(name);
      await removeState(pathOf(id));
      await logs.remove(id);
    },
    close: () => logs.close(),
  };
}

/** Without their list, the logs would be removed as those of delivery streams that are gone. */
async function requireList(path: string, logsFolder: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere || !(await hasLogs(logsFolder))) return;
  throw new MillraceError(
    'STATE_UNREADABLE',
    `${path} is missing, and ${logsFolder} has records. Put back a copy of it, or move ${dirname(path)} away and create the delivery streams again.`,
  );
}
