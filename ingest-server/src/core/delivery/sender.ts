import type { Clock } from '@millrace/kit/clock';
import type { Balance } from './balance.js';
import type { Call } from './calls.js';
import type { DeliveryHooks } from './delivery-hooks.js';
import type { Lane } from './lane.js';
import type { LaneSpool } from './lane-spool.js';
import { type FailureKind, type RecordFailure, type Sink, SinkError } from './sink.js';
import type { Spread } from './spread.js';
import type { StreamState } from './stream-state.js';
import { makeSafe } from './ticket.js';

/** The sink, and who learns what became of the records. */
export interface SenderOptions {
  sink: Sink;
  clock: Clock;
  hooks: DeliveryHooks;
  laneSpool: LaneSpool;
  spread: Pick<Spread, 'waitMs'>;
  balance: Balance;
  stream: StreamState;
  /** Something changed that may make something due. */
  wake(): void;
}

const asSinkError = (error: unknown) =>
  error instanceof SinkError ? error : new SinkError('unreachable', 'Error', (error as Error).message);

/** Sends calls, and tells each lane what became of its record. */
export function createSender(options: SenderOptions): { send(call: Call): Promise<void> } {
  const { sink, clock, hooks, laneSpool, spread, balance, stream, wake } = options;

  function succeeded(lane: Lane, record: { events: number; bytes: number }, tookMs: number) {
    hooks.put?.({ events: record.events, bytes: record.bytes });
    const taken = lane.succeed(tookMs);
    for (const waiting of taken) {
      balance.delivered(waiting);
      makeSafe(waiting);
    }
    laneSpool.delivered(lane, taken);
  }

  function failed(lane: Lane, kind: FailureKind, code: string) {
    hooks.failed?.(code);
    lane.fail(clock.monotonicMs(), kind === 'throttled', (failures) => spread.waitMs(kind, failures));
    // The requests need not wait: no retry will help in time, or the lane is in the spool already.
    if (kind === 'misconfigured' || lane.isSpooled) laneSpool.spillLane(lane);
    laneSpool.trim(lane);
  }

  async function put({ lanes, records }: Call): Promise<void> {
    const began = clock.monotonicMs();
    let outcomes: RecordFailure[];
    try {
      outcomes = await sink.put(records);
    } catch (thrown) {
      const { kind, code, message } = asSinkError(thrown);
      if (kind !== 'throttled') stream.putFailed({ state: 'down', code, message });
      hooks.called?.(clock.monotonicMs() - began);
      for (const lane of lanes) failed(lane, kind, code);
      return;
    }
    stream.report({ state: 'up' });
    const tookMs = clock.monotonicMs() - began;
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
