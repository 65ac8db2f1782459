import { setTimeout as delay } from 'node:timers/promises';
import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** A line of a log group. */
export interface LogLine {
  time: string;
  /** The instance, or Firehose's stream. */
  from: string;
  message: string;
}

/** Which lines to read. */
export interface LogOptions {
  group: string;
  sinceMs: number;
  /** Goes on with what comes, until the signal. */
  follow: boolean;
  signal?: AbortSignal | undefined;
  pauseMs?: number;
}

/** The lines of a log group from a time on, in order. */
export async function* logLines(client: CloudWatchLogsClient, options: LogOptions): AsyncGenerator<LogLine> {
  const { group, follow, signal, pauseMs = 2_000 } = options;
  let startTime = options.sinceMs;
  // What comes late may lie before what was shown: ids tell them apart.
  let shown = new Set<string>();
  for (;;) {
    let nextToken: string | undefined;
    let newest = startTime;
    const seen = new Set<string>();
    do {
      const page = await client.send(
        new FilterLogEventsCommand({ logGroupName: group, startTime, ...(nextToken ? { nextToken } : {}) }),
      );
      for (const { eventId, timestamp = 0, logStreamName = '', message = '' } of page.events ?? []) {
        seen.add(eventId ?? `${timestamp} ${message}`);
        newest = Math.max(newest, timestamp);
        if (shown.has(eventId ?? `${timestamp} ${message}`)) continue;
        yield { time: new Date(timestamp).toISOString(), from: logStreamName, message: message.trimEnd() };
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    if (!follow || signal?.aborted) return;
    startTime = Math.max(options.sinceMs, newest - 30_000);
    shown = new Set([...shown, ...seen]);
    await delay(pauseMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    if (signal?.aborted) return;
  }
}
