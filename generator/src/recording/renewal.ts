import type { Random } from '@millrace/kit/seeded-random';
import { uuidV7 } from '@millrace/kit/uuid';
import type { MillraceEvent } from '@millrace/sdk/schema';

/**
 * Makes new events of recorded ones: a replay is new traffic, and copies of known events would be removed. The event
 * ids are new, and so are the streams, visitors and sessions; each recorded one always becomes the same new one. The
 * time is now. All else stays: what happened, in which order, and the positions in the streams, gaps included.
 *
 * @param knows whether the recording has events of a stream. An event does not name a predecessor that the recording
 * lacks.
 */
export function createRenewal(
  random: Random,
  knows: (streamId: string) => boolean,
): (event: MillraceEvent, nowMs: number) => MillraceEvent {
  const renewed = {
    visitor: new Map<string, string>(),
    session: new Map<string, string>(),
    stream: new Map<string, string>(),
  };
  const renew = (kind: keyof typeof renewed, old: string, nowMs: number): string => {
    const known = renewed[kind].get(old);
    if (known !== undefined) return known;
    const fresh = uuidV7(nowMs, random.bits);
    renewed[kind].set(old, fresh);
    return fresh;
  };

  return (event, nowMs) => {
    const fresh: MillraceEvent = {
      ...event,
      event_id: uuidV7(nowMs, random.bits),
      event_time: new Date(nowMs).toISOString(),
      visitor_id: renew('visitor', event.visitor_id, nowMs),
      session_id: renew('session', event.session_id, nowMs),
      stream_id: renew('stream', event.stream_id, nowMs),
    };
    const after = event.after_stream_id;
    if (after !== undefined && knows(after)) fresh.after_stream_id = renew('stream', after, nowMs);
    else {
      delete fresh.after_stream_id;
      delete fresh.after_seq;
    }
    return fresh;
  };
}
