import { sendAll } from './sending/send-all.js';
import type { Log } from './sending/sink.js';
import { liveShoppers, sessionsFor, take } from './shoppers/live-shoppers.js';

/** A trickle of synthetic shoppers, and where it goes. */
export interface TrafficOptions {
  /** The ingest server's address. */
  url: string;
  /** The site's write key. */
  key: string;
  eventsPerSecond: number;
  /** Stops after this many events. */
  maxEvents: number;
  /** The same seed makes the same shoppers. */
  seed?: string;
  log?: Log;
}

/** Traffic that runs beside something else. */
export interface Traffic {
  /** Events made so far. */
  sent(): number;
  acknowledged(): number;
  /** Makes no more events, and resolves when the requests in flight have ended, after 5 s at most. */
  stop(): Promise<void>;
}

/** Sends synthetic shoppers to an ingest server. Waits for a server that is away, however long. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { url, key, eventsPerSecond, maxEvents, seed, log } = options;
  const stopping = new AbortController();
  let sent = 0;
  let acknowledged = 0;
  function* counted() {
    for (const event of take(liveShoppers({ seed, sessions: sessionsFor(eventsPerSecond) }), maxEvents)) {
      yield event;
      sent += 1;
    }
  }
  const ended = sendAll({
    url,
    key,
    events: counted(),
    eventsPerSecond,
    connections: 4,
    giveUpAfterMs: Number.POSITIVE_INFINITY,
    graceMs: 5_000,
    signal: stopping.signal,
    log,
    onAcknowledged: () => {
      acknowledged += 1;
    },
    onRefused: ({ reason }) => log?.(`synthetic shoppers: event refused: ${reason}`),
  }).then((summary) => {
    if (summary.failure && !stopping.signal.aborted) log?.(`synthetic shoppers stopped: ${summary.failure.message}`);
  });
  return {
    sent: () => sent,
    acknowledged: () => acknowledged,
    stop() {
      stopping.abort();
      return ended;
    },
  };
}
