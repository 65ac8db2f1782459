import { readState, type StateFormat, writeState } from '../../state-file.js';
import type { ExtendedS3Destination } from '../config/destination-shape.js';
import type { Encryption } from './encryption.js';
import type { CreateRequest } from './request-model.js';

/** A delivery stream as it is kept on disk. */
export interface DeliveryStreamDefinition {
  /** Its own for ever, also when another takes its name later. */
  id: string;
  name: string;
  /** The Kinesis stream that it reads; absent where records are put straight into it. */
  source?: NonNullable<CreateRequest['KinesisStreamSourceConfiguration']>;
  directPut?: NonNullable<CreateRequest['DirectPutSourceConfiguration']>;
  encryption?: Encryption;
  destination: ExtendedS3Destination;
  tags: NonNullable<CreateRequest['Tags']>;
  /** Rises by one with each change of the configuration; part of every object's name. */
  version: number;
  /** When its configuration changed last, in milliseconds since 1970. */
  updatedMs?: number;
  /** Milliseconds since 1970. Records that come into the source from then on are delivered. */
  createdMs: number;
  /** It was deleted, and what it had buffered may still be on its way. */
  deleting?: true;
}

const format: StateFormat = {
  format: 'millrace-firehose-delivery-streams',
  version: 1,
  remedy:
    'move the folder that it is in away and create the delivery streams again: they then deliver what comes into their sources from that moment on.',
};

/** All delivery streams in one file: a change of any is on disk, whole, before it is answered. */
export interface Definitions {
  all(): DeliveryStreamDefinition[];
  get(name: string): DeliveryStreamDefinition | undefined;
  /** @throws Error when it cannot be written; then nothing has changed */
  put(definition: DeliveryStreamDefinition): Promise<void>;
  /**
   * Changes a definition, one change after the other. When `change` throws, so does this, and nothing has changed.
   */
  edit(
    name: string,
    change: (current: DeliveryStreamDefinition | undefined) => DeliveryStreamDefinition,
  ): Promise<DeliveryStreamDefinition>;
  remove(name: string): Promise<void>;
}

/** @throws Error naming the file and what to do when it is damaged */
export async function openDefinitions(path: string): Promise<Definitions> {
  const data = (await readState(path, format)) as { deliveryStreams: DeliveryStreamDefinition[] } | undefined;
  let current = new Map((data?.deliveryStreams ?? []).map((definition) => [definition.name, definition]));
  let last: Promise<unknown> = Promise.resolve();

  /** One change after the other, as they all write the same file. */
  function change(edit: (next: Map<string, DeliveryStreamDefinition>) => void): Promise<void> {
    const done = last.then(async () => {
      const next = new Map(current);
      edit(next);
      await writeState(path, format, { deliveryStreams: [...next.values()] });
      current = next;
    });
    last = done.catch(() => undefined);
    return done;
  }

  return {
    all: () => [...current.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    get: (name) => current.get(name),
    put: (definition) => change((next) => next.set(definition.name, definition)),
    async edit(name, make) {
      let made: DeliveryStreamDefinition | undefined;
      await change((next) => {
        made = make(next.get(name));
        next.set(name, made);
      });
      return made!;
    },
    remove: (name) => change((next) => next.delete(name)),
  };
}
