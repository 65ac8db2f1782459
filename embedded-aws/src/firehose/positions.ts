import type { Log } from '../service.js';
import { readState, removeState, type StateFormat, writeState } from '../state-file.js';
import type { Position } from './buffers.js';
import type { Clock } from './clock.js';
import { causeOf, createTrouble } from './trouble.js';

const format: StateFormat = {
  format: 'millrace-firehose-positions',
  version: 1,
  remedy:
    'delete it: delivery then begins again where the delivery stream began, and what the stream still keeps is delivered a second time.',
};

/** How far each shard lies in S3, on disk. */
export interface PositionStore {
  load(): Promise<Map<string, Position>>;
  /** Sees to it that what `current` gives is stored soon; many calls in a row become few writes. */
  changed(current: () => Map<string, Position>): void;
  /** Resolves when every change so far is on disk, or could not be written. */
  settled(): Promise<void>;
  remove(): Promise<void>;
}

/** Between two writes, at least. */
const restMs = 100;

/** @param stored told what lies on disk, each time that it does */
export function createPositionStore(
  path: string,
  clock: Clock,
  log: Log,
  stored?: (positions: ReadonlyMap<string, Position>) => void,
): PositionStore {
  const trouble = createTrouble(log, {
    failing: (cause) =>
      `cannot store positions in ${path} (${cause}); delivery goes on, and a restart would repeat more than it need`,
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
        trouble.ended(path);
        stored?.(positions);
      } catch (error) {
        trouble.began(path, causeOf(error));
      }
      if (!hurry.signal.aborted) await clock.sleep(restMs, hurry.signal);
    }
    writing = undefined;
  }

  return {
    async load() {
      const data = (await readState(path, format)) as { shards: Record<string, Position> } | undefined;
      return new Map(Object.entries(data?.shards ?? {}));
    },
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
