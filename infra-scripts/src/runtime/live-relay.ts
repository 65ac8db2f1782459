import type { LiveStep, PublishedFeed } from '@millrace/demo-store/live-feed';
import type { DeliveryObserver } from '@millrace/embedded-aws';
import { type Details, detailsOf, type Identity, identityOf, kindOf, lineOf, shownIdentity } from './live-rows.js';

/**
 * Steps of rows that were read from one shard at one time, or that lie in one object. It has the identities of all rows
 * and the details of some: so a message costs little, however many rows pass.
 */
export interface RelayedSteps {
  step: 'in_stream' | 'in_object';
  /** In milliseconds since 1970. */
  at: number;
  /** The shard's id, or the object's key. */
  place: string;
  identities: readonly Identity[];
  /** By the place of the row's identity. */
  detailed: Map<number, DetailsWithText>;
}

type DetailsWithText = Details & { text: string };

/** A message goes out this long after the first step in it. */
const everyMs = 50;
/** How many rows of a message have details: more than the live view shows new ones in that time. */
const mostDetailed = 100;

/** Watches delivery, and hands what it saw to `post`, for `publishRelayed` on the live view's thread. */
export function relayDelivery(post: (steps: RelayedSteps[]) => void): DeliveryObserver<Identity> & { flush(): void } {
  let waiting: RelayedSteps[] = [];
  let reading: { shardId: string; at: number; identities: Identity[]; detailed: RelayedSteps['detailed'] } | undefined;
  let detailedLeft = mostDetailed;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    post(waiting);
    waiting = [];
    reading = undefined;
    detailedLeft = mostDetailed;
  }
  function add(steps: RelayedSteps): void {
    waiting.push(steps);
    timer ??= setTimeout(flush, everyMs).unref();
  }

  return {
    wanted: () => true,
    read(row, { shardId, at }) {
      const identity = identityOf(row);
      if (identity === undefined) return undefined;
      if (reading?.shardId !== shardId || reading.at !== at) {
        reading = { shardId, at, identities: [], detailed: new Map() };
        add({ step: 'in_stream', at, place: shardId, identities: reading.identities, detailed: reading.detailed });
      }
      if (detailedLeft > 0) {
        detailedLeft--;
        reading.detailed.set(reading.identities.length, { ...detailsOf(row, identity), text: lineOf(row, identity) });
      }
      reading.identities.push(identity);
      return identity;
    },
    delivered({ key, at }, identities) {
      add({ step: 'in_object', at, place: key, identities, detailed: new Map() });
    },
    flush,
  };
}

/** Publishes what `relayDelivery` saw on another thread. */
export function publishRelayed(feed: PublishedFeed, relayed: readonly RelayedSteps[]): void {
  if (!feed.hasListeners()) return;
  for (const { step, at, place, identities, detailed } of relayed) {
    const counted = { stored: 0, refused: 0, direct: 0 };
    for (let index = 0; index < identities.length; index++) {
      const identity = identities[index]!;
      const details = detailed.get(index);
      const kind = kindOf(identity);
      if (details) feed.publish(detailedStep(step, at, place, details));
      // Whether a row that the ingest server stamped is shown was decided when it was received. One put straight into
      // the stream is seen first here.
      else if (kind === 'direct' || feed.follows(identity)) feed.publish(briefStep(step, at, place, identity));
      else counted[kind]++;
    }
    for (const kind of ['stored', 'refused'] as const)
      if (counted[kind] > 0) feed.publish({ step, at, kind, events: counted[kind], page: '', event: '' });
  }
}

function detailedStep(
  step: RelayedSteps['step'],
  at: number,
  place: string,
  { text, ...details }: DetailsWithText,
): LiveStep {
  const where = step === 'in_stream' ? { shard_id: place } : { key: place };
  return { ...details, ...where, step, at, line: () => text };
}

function briefStep(step: RelayedSteps['step'], at: number, place: string, text: Identity): LiveStep {
  const kind = kindOf(text);
  const identity = shownIdentity(text);
  return step === 'in_stream'
    ? { step, at, kind, identity, shard_id: place, page: '', event: '', isBrief: true }
    : { step, at, kind, identity, key: place, page: '', event: '', isBrief: true };
}
