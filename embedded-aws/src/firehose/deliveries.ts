import type { Log } from '../service.js';
import type { DeliveryChanges } from './api/context.js';
import type { DeliveryStreamDefinition } from './api/definitions.js';
import type { DeliveryConfiguration } from './config/delivery-configuration.js';
import { causeOf } from './failure-log.js';
import type { FirehoseState } from './state.js';
import type { DeliveryWorker } from './worker.js';

/** How long `close`, a deletion and a new configuration wait for S3 to take what is buffered. */
const closePatienceMs = 10_000;
const deletePatienceMs = 5_000;
const renewPatienceMs = 5_000;

const stoppedWorker: DeliveryWorker = { stop: async () => undefined };

/** Starts to deliver a delivery stream; without a configuration, by the one on disk. */
export type StartDelivery = (
  definition: DeliveryStreamDefinition,
  configuration?: DeliveryConfiguration,
) => Promise<DeliveryWorker>;

/** The workers of all delivery streams. */
export interface Deliveries extends DeliveryChanges {
  begin(definition: DeliveryStreamDefinition, configuration?: DeliveryConfiguration): void;
  renew(definition: DeliveryStreamDefinition, configuration?: DeliveryConfiguration): void;
  /** Starts workers from now on; changes from before wait on disk. */
  start(startDelivery: StartDelivery): void;
  /** Delivers what is buffered. */
  close(): Promise<void>;
}

/** No worker runs before `start`. */
export function createDeliveries(state: FirehoseState, log: Log): Deliveries {
  const { definitions } = state;
  let startDelivery: StartDelivery | undefined;
  let closed = false;
  const workers = new Map<string, Promise<DeliveryWorker>>();
  const removals = new Set<Promise<void>>();

  function watch({ id, name }: DeliveryStreamDefinition, worker: Promise<DeliveryWorker>): void {
    workers.set(id, worker);
    worker.catch((error: unknown) => log(`${name} cannot be delivered (${causeOf(error)})`));
  }

  async function renewed(
    definition: DeliveryStreamDefinition,
    before: Promise<DeliveryWorker> | undefined,
    configuration: DeliveryConfiguration | undefined,
  ): Promise<DeliveryWorker> {
    await (await before?.catch(() => undefined))?.stop(renewPatienceMs);
    if (closed) return stoppedWorker;
    const current = definitions.get(definition.name) ?? definition;
    // A later update may have come meanwhile: its configuration is on disk.
    return startDelivery!(current, current.version === definition.version ? configuration : undefined);
  }

  async function removed(definition: DeliveryStreamDefinition): Promise<void> {
    try {
      const worker = await workers.get(definition.id)?.catch(() => undefined);
      await worker?.stop(deletePatienceMs);
      workers.delete(definition.id);
      await state.remove(definition);
    } catch (error) {
      log(`${definition.name} could not be deleted (${causeOf(error)}); the next start tries again`);
    }
  }

  function begin(definition: DeliveryStreamDefinition, configuration?: DeliveryConfiguration): void {
    if (!startDelivery || closed || workers.has(definition.id)) return;
    watch(definition, startDelivery(definition, configuration));
  }

  /** Delivers what is buffered if S3 takes it soon; then nothing is left of the delivery stream. */
  function remove(definition: DeliveryStreamDefinition): void {
    const removal = removed(definition);
    removals.add(removal);
    void removal.finally(() => removals.delete(removal));
  }

  return {
    begin,
    /**
     * The old worker delivers what it has buffered. Records that S3 does not take in time are read again, under the new
     * configuration.
     */
    renew(definition, configuration) {
      if (!startDelivery || closed) return;
      watch(definition, renewed(definition, workers.get(definition.id), configuration));
    },
    remove,
    start(startWith) {
      if (startDelivery) return;
      startDelivery = startWith;
      for (const definition of definitions.all()) {
        if (definition.deleting) remove(definition);
        else begin(definition);
      }
    },
    async close() {
      closed = true;
      await Promise.allSettled([...workers.values()].map(async (worker) => (await worker).stop(closePatienceMs)));
      await Promise.all(removals);
    },
  };
}
