import { type FailureKind, type RecordFailure, type Sink, SinkError } from '../sinks/sink.js';
import type { Accounts } from './account.js';
import { backoffMs, retries } from './backoff.js';
import type { Call } from './calls.js';
import type { Clock } from './clock.js';
import type { DeliveryHooks } from './delivery-hooks.js';
import { isSpooled, type Lane, makeSafe, removeIf, takeDelivered } from './lane.js';
import type { LaneSpool } from './lane-spool.js';
import type { StreamState } from './stream-state.js';

export interface SenderOptions {
  sink: Sink;
  clock: Clock;
  random: () => number;
  hooks: DeliveryHooks;
  laneSpool: LaneSpool;
  accounts: Accounts;
  stream: StreamState;
  /** Something changed that may make something due. */
  wake(): void;
}

const asSinkError = (error: unknown) =>
  error instanceof SinkError ? error : new SinkError('unreachable', 'Error', (error as Error).message);

/** Sends calls, and settles with each lane what became of its record. */
export function createSender(options: SenderOptions): { send(call: Call): Promise<void> } {
  const { sink, clock, random, hooks, laneSpool, accounts, stream, wake } = options;

  function succeeded(lane: Lane, record: { events: number; bytes: number }, tookMs: number) {
    hooks.put?.({ events: record.events, bytes: record.bytes });
    lane.roundTripMs = tookMs;
    lane.attempts = 0;
    lane.retryAt = 0;
    lane.throttled = false;
    const taken = takeDelivered(lane);
    for (const waiting of taken) {
      waiting.delivered = true;
      accounts.delivered(waiting);
      makeSafe(waiting);
    }
    laneSpool.delivered(lane, taken);
  }

  function failed(lane: Lane, kind: FailureKind, code: string) {
    hooks.failed?.(code);
    lane.inFlight = 0;
    removeIf(lane, ({ dropped }) => dropped);
    if (lane.attempts === 0) lane.failingSince = clock.now();
    lane.attempts += 1;
    lane.throttled = kind === 'throttled';
    lane.retryAt = clock.now() + backoffMs(lane.attempts, random, retries[kind]);
    // No retry will help in time, or there is too much already: the requests need not wait for it.
    if (kind === 'misconfigured' || isSpooled(lane)) laneSpool.spillLane(lane);
    laneSpool.trim(lane);
  }

  async function put({ lanes, records }: Call): Promise<void> {
    const began = clock.now();
    let outcomes: RecordFailure[];
    try {
      outcomes = await sink.put(records);
    } catch (thrown) {
      const { kind, code, message } = asSinkError(thrown);
      if (kind !== 'throttled') stream.putFailed({ state: 'down', code, message });
      hooks.called?.(clock.now() - began);
      for (const lane of lanes) failed(lane, kind, code);
      return;
    }
    stream.report({ state: 'up' });
    const tookMs = clock.now() - began;
    hooks.called?.(tookMs);
    lanes.forEach((lane, i) => {
      const failure = outcomes[i];
      if (failure === undefined) succeeded(lane, records[i]!, tookMs);
      else failed(lane, failure.code === 'InternalFailure' ? 'unreachable' : 'throttled', failure.code);
    });
  }

  return {
    async send(call) {
      await put(call);
      laneSpool.noteUse();
      wake();
    },
  };
}
