import type { Log } from '../../service.js';
import { readState, removeState, type StateFormat, writeState } from '../../state-file.js';
import { causeOf, createFailureLog } from '../failure-log.js';
import type { DeliveryClock } from '../ports.js';
import type { Position } from './position.js';

const format: StateFormat = {
  format: 'millrace-firehose-positions',
  version: 1,
  remedy:
    'delete it: delivery then begins again where the delivery stream began, and what the stream still keeps is delivered a second time.',
};

/** How far each shard lies in S3, on disk. */
export interface PositionStore {
  load(): Promise<Map<string, Position>>;
  /** Stores what `current` gives, soon; many calls in a row become few writes. */
  changed(current: () => Map<string, Position>): void;
  /** Resolves when every change so far is on disk, or could not be written. */
  settled(): Promise<void>;
  remove(): Promise<void>;
}

/** What a file of positions says, by shard. @throws MillraceError naming the file when it is damaged */
export async function readPositions(path: string): Promise<Map<string, Position>> {
  const data = (await readState(path, format)) as { shards: Record<string, Position> } | undefined;
  return new Map(Object.entries(data?.shards ?? {}));
}

/** The least time between two writes. */
const restMs = 100;

/** @param stored called with what lies on disk, after each write */
export function createPositionStore(
  path: string,
  clock: Pick<DeliveryClock, 'sleep'>,
  log: Log,
  stored?: (positions: ReadonlyMap<string, Position>) => void,
): PositionStore {
  const failureLog = createFailureLog(log, {
    failing: (cause) =>
      `cannot store positions in ${path} (${cause}); delivery goes on, but a restart would deliver some records twice`,
    working: () => `positions are stored in ${path} again`,
  });
  let pending: (() => Map<string, Position>) | undefined;
  let writing: Promise<void> | undefined;
  let hurry = new AbortController();

  async function write(): Promise<void> {
    while (pending) {
      const current = pending;
      pending = undefined;
      try {
        const positions = current();
        await writeState(path, format, { shards: Object.fromEntries(positions) });
        failureLog.recovered(path);
        stored?.(positions);
      } catch (error) {
        failureLog.failed(path, causeOf(error));
      }
      if (!hurry.signal.aborted) await clock.sleep(restMs, hurry.signal);
    }
    writing = undefined;
  }

  return {
    load: () => readPositions(path),
    changed(current) {
      pending = current;
      writing ??= write();
    },
    async settled() {
      hurry.abort();
      while (writing) await writing;
      hurry = new AbortController();
    },
    remove: () => removeState(path),
  };
}
