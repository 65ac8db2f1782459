import type { LiveFeed, LiveStep } from '../live-feed.js';
import { createFollowedEvents } from './followed-events.js';
import { liveLimits } from './limits.js';
import { isStepName, type ShownStep, type StepName } from './shown-step.js';

/** What a browser is told with every message. */
export interface LiveCounts {
  /** The server's clock, in milliseconds since 1970: rates are differences between two of these. */
  at: number;
  /** Steps since the store started. */
  steps: Record<StepName, number>;
  /** Events since the store started, and how many of them were chosen to be shown. */
  events: number;
  shown: number;
}

export interface LiveClient {
  /** Whose events are never passed over for this one. */
  visitorId?: string | undefined;
  /** Sends one message to the browser; the same text goes to all. */
  send(message: string): void;
  close(): void;
}

export interface LiveClock {
  now(): number;
  /** Calls back once; returns how to call it off. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: LiveClock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A message of a server-sent stream. JSON has no bare line breaks, so one `data` line holds it. */
export function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Stands between the feed, which may bring tens of thousands of steps a second, and the browsers: counts every step, shows the chosen
 * ones, and sends them in a bounded number of messages.
 */
export function createLiveHub(feed: LiveFeed, clock: LiveClock = systemClock) {
  const followed = createFollowedEvents(liveLimits, clock.now);
  const clients = new Set<LiveClient>();
  const steps: Record<StepName, number> = { received: 0, in_stream: 0, in_object: 0 };
  let watching = new Set<string>();
  let waiting: ShownStep[] = [];
  let countsSent = '';
  let cancelFlush: (() => void) | undefined;
  let cancelCounts: (() => void) | undefined;

  const counts = (): LiveCounts => ({
    at: clock.now(),
    steps: { ...steps },
    // Events that go straight into the stream are never received, and those on their way are not yet in it.
    events: Math.max(steps.received, steps.in_stream),
    shown: followed.chosen,
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
    steps[step.step] += 1;
    const shown = followed.take(step, step.visitor_id !== undefined && watching.has(step.visitor_id));
    if (!shown || clients.size === 0) return;
    waiting.push(shown);
    cancelFlush ??= clock.after(liveLimits.flushMs, flush);
  }

  const stopListening = feed.subscribe(take);

  const lookAround = () => {
    watching = new Set([...clients].flatMap(({ visitorId }) => (visitorId ? [visitorId] : [])));
  };

  return {
    /** Sends a newcomer what went before and then everything new, until `remove`. False when there are too many already. */
    add(client: LiveClient): boolean {
      if (clients.size >= liveLimits.clients) return false;
      // What waits to be sent may come again with the replay: a browser takes each step of an event once.
      clients.add(client);
      lookAround();
      client.send(message('hello', { steps: followed.latest(liveLimits.replayedSteps), counts: counts() }));
      cancelCounts ??= clock.after(liveLimits.countsMs, tick);
      return true;
    },
    remove(client: LiveClient): void {
      clients.delete(client);
      lookAround();
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

export type LiveHub = ReturnType<typeof createLiveHub>;
