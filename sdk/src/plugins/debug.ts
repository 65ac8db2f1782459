import { attempt } from '../tracker/browser/attempt.js';
import type { Plugin } from '../tracker/plugin.js';
import type { DropReason } from '../tracker/queue/drop-reason.js';
import { lineOf } from '../tracker/queue/entry.js';
import { usePlugin } from './use-plugin.js';

/** What the server's answer says beside the status. */
interface AnswerText {
  accepted?: number;
  rejected?: { event_id?: string; path: string; message: string }[];
  warnings?: { message: string }[];
  message?: string;
}

const reasons: Record<DropReason, string> = {
  full: 'more waits than the browser should hold; the oldest go',
  old: 'older than a week',
  refused: 'the server will never take them',
  too_large: 'the server does not take one as long as this',
  field: 'a field does not fit the schema; the event goes without it',
  invalid: 'the call cannot be understood; nothing is tracked',
};

const outcomes = (status: number): string => {
  if (status === 0) return 'no answer: the events are kept, and tried again later';
  if (status < 300) return 'taken';
  if (status === 413) return 'too large: split, or dropped if it is one event';
  if (status === 408 || status === 429 || status >= 500) return 'not now: the events are kept, and tried again later';
  return 'refused for good: the events are dropped, and counted in tracker_dropped';
};

/** Explains each decision of the tracker in the console. */
export const debug: Plugin<void> = (host) => {
  const say = (text: string, ...details: unknown[]) => attempt(() => console.info(`millrace: ${text}`, ...details));
  say('debug mode');
  host.on('stored', (entry) => {
    const event = JSON.parse(lineOf(entry));
    say(`${event.event} on ${event.page} is stored as ${event.stream_id}, seq ${event.seq}`, event);
  });
  host.on('dropped', ({ reason, what, value, number }) =>
    say(`${what ?? `${number} event(s) dropped`}: ${reasons[reason]}`, value),
  );
  host.on('sending', ({ batch }) => say(`sending ${batch.lines.length} event(s), ${batch.id}`));
  host.on('answered', ({ batch, status, text }) => {
    say(`${batch.id}: ${status || 'none'}, ${outcomes(status)}`);
    const answer = (attempt(() => JSON.parse(text!)) ?? {}) as AnswerText;
    for (const { event_id, path, message } of answer.rejected ?? [])
      say(`event ${event_id} is in quarantine: ${path} ${message}`);
    for (const { message } of answer.warnings ?? []) say(message);
  });
  host.on('consent', (state) =>
    say(state === 'granted' ? 'consent is given' : 'consent is denied: what was stored is wiped'),
  );
  host.on('hidden', () => say('the page is hidden: sending what waits'));
  host.on('left', () => say('the page is left: handing over what waits'));
  host.on('returned', () => say('the page is back from the back/forward cache'));
};

usePlugin(debug);
