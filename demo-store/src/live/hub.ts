import { type Clock, systemClock } from '@millrace/kit/clock';
import type { LiveFeed, LiveStep } from '../live-feed.js';
import { createFollowedEvents } from './followed-events.js';
import { liveLimits } from './limits.js';
import { isStepName, type Kind, kindOf, type ShownStep, type StepName } from './shown-step.js';

/** The counts in every message to a browser. */
export interface LiveCounts {
  /** The server's clock, in milliseconds since 1970: rates are differences between two of these. */
  at: number;
  /** Events at each step since the store started, by their kind. */
  steps: Record<StepName, Partial<Record<Kind, number>>>;
  /** The events chosen to be shown. */
  shown: number;
  /** The events that are not shown, because there were too many to follow. */
  notShown: number;
}

/** A browser that watches. */
export interface LiveClient {
  /** Its own visitor: the hub samples these events apart, so that they show. */
  visitorId?: string | undefined;
  /** Sends a message; the same text goes to all browsers. */
  send(message: string): void;
  close(): void;
}

/** What the hub needs of a clock. */
export type LiveClock = Pick<Clock, 'wallMs' | 'after'>;

/** A message of a server-sent stream. JSON has no bare line breaks, so one `data` line holds it. */
function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Fans the feed out to browsers. The feed may bring tens of thousands of steps a second: the hub counts all, chooses
 * those to show, and sends a bounded number of messages.
 */
export function createLiveHub(feed: LiveFeed, clock: LiveClock = systemClock) {
  const followed = createFollowedEvents(liveLimits, clock.wallMs);
  const clients = new Set<LiveClient>();
  const steps: LiveCounts['steps'] = { received: {}, in_stream: {}, in_object: {} };
  let watching = new Set<string>();
  let waiting: ShownStep[] = [];
  let countsSent = '';
  let cancelFlush: (() => void) | undefined;
  let cancelCounts: (() => void) | undefined;

  const counts = (): LiveCounts => ({
    at: clock.wallMs(),
    steps,
    shown: followed.chosen,
    notShown: followed.notShown,
  });

  function broadcast(data: { steps?: ShownStep[]; counts: LiveCounts }): void {
    countsSent = JSON.stringify(data.counts.steps);
    const text = message('update', data);
    for (const client of clients) client.send(text);
  }

  function flush(): void {
    cancelFlush = undefined;
    const batch = waiting.slice(0, liveLimits.stepsPerMessage);
    waiting = waiting.slice(batch.length);
    if (batch.length > 0) broadcast({ steps: batch, counts: counts() });
    if (waiting.length > 0) cancelFlush = clock.after(liveLimits.flushMs, flush);
  }

  function tick(): void {
    if (waiting.length === 0 && JSON.stringify(steps) !== countsSent) broadcast({ counts: counts() });
    cancelCounts = clients.size > 0 ? clock.after(liveLimits.countsMs, tick) : undefined;
  }

  function take(step: LiveStep): void {
    if (!isStepName(step.step)) return;
    const kind = kindOf(step);
    const events = steps[step.step];
    events[kind] = (events[kind] ?? 0) + (step.events ?? 1);
    const shown = followed.take(step, step.visitor_id !== undefined && watching.has(step.visitor_id));
    if (!shown || clients.size === 0) return;
    waiting.push(shown);
    cancelFlush ??= clock.after(liveLimits.flushMs, flush);
  }

  const stopListening = feed.subscribe(take, (identity) => followed.find(identity) !== undefined);

  const updateWatching = () => {
    watching = new Set([...clients].flatMap(({ visitorId }) => (visitorId ? [visitorId] : [])));
  };

  return {
    /** Sends a browser the latest steps and then every new one, until `remove`. False when too many are watching. */
    add(client: LiveClient): boolean {
      if (clients.size >= liveLimits.clients) return false;
      // Waiting steps may come twice, with the replay too. A browser takes each step of an event once.
      clients.add(client);
      updateWatching();
      client.send(message('hello', { steps: followed.latest(liveLimits.replayedSteps), counts: counts() }));
      cancelCounts ??= clock.after(liveLimits.countsMs, tick);
      return true;
    },
    remove(client: LiveClient): void {
      clients.delete(client);
      updateWatching();
      if (clients.size === 0) waiting = [];
    },
    find: followed.find,
    close(): void {
      stopListening();
      cancelFlush?.();
      cancelCounts?.();
      for (const client of [...clients]) client.close();
      clients.clear();
    },
    get size() {
      return { clients: clients.size, ...followed.kept };
    },
  };
}

/** See `createLiveHub`. */
export type LiveHub = ReturnType<typeof createLiveHub>;
