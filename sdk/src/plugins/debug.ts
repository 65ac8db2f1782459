import { attempt } from '../tracker/browser/attempt.js';
import type { Draft, Moments, Plugin } from '../tracker/plugin.js';
import type { DropReason } from '../tracker/queue/drop-reason.js';
import { lineOf } from '../tracker/queue/entry.js';

/** The body of the server's answer. */
interface AnswerText {
  accepted?: number;
  rejected?: { event_id?: string; path: string; message: string }[];
  warnings?: { message: string }[];
  message?: string;
}

const reasons: Record<DropReason, string> = {
  full: 'the queue is full, and the oldest events go; is the server out of reach?',
  old: 'they waited for more than 7 days',
  refused: 'the server refused their batch; its answer above says why',
  too_large: 'too large for the server even alone',
  field: 'it does not fit the schema, and the event goes without it',
  invalid: 'the call cannot be understood, and nothing is tracked',
  early: 'the page made more than 1,000 calls before the tracker had loaded, and the newest go',
};

const outcomes = ({ status, text, isOurs, isFinal }: Moments['answered']): string => {
  if (status === 0) return 'no answer, or a redirect: the tracker keeps the events and tries again later';
  if (!isFinal && /"(unreadable|missing_key|wrong_key)"/.test(text!))
    return 'it arrived unreadable or without its key (a proxy?): the tracker keeps the events, and sends plain text in this session';
  if (!isOurs)
    return 'not the answer of an ingest server to this batch (a service worker, proxy, firewall or login page?): the tracker keeps the events and tries again later';
  if (status < 300) return 'accepted';
  if (status === 413) return 'too large: split into smaller batches; a single event is dropped';
  if (!isFinal) return 'transient failure, or in data-retry: the tracker keeps the events and tries again later';
  return 'refused: the events are dropped, and counted in tracker_dropped';
};

/** Explains each decision of the tracker in the console. */
export const debug: Plugin<void> = (context) => {
  const log = (text: string, ...details: unknown[]) => attempt(() => console.info(`millrace: ${text}`, ...details));
  log('debug mode');
  let last: Draft | undefined;
  const stored = new WeakSet<Draft>();
  context.on('event', (draft) => {
    last = draft;
    // What is stored is stored before `track` returns.
    queueMicrotask(() => {
      if (stored.has(draft)) return;
      log(
        draft.event === 'page_view'
          ? `page_view on ${draft.page} may still be named otherwise, until an event or for a second`
          : `${draft.event} on ${draft.page} is not stored: consent is pending or denied, the visitor is not in the sample, or another plugin drops it`,
      );
    });
  });
  context.on('stored', (entry) => {
    if (last) stored.add(last);
    const event = JSON.parse(lineOf(entry));
    log(`${event.event} on ${event.page} is stored as ${event.stream_id}, seq ${event.seq}`, event);
  });
  context.on('dropped', ({ reason, what, value, number }) =>
    log(`dropped (${reason}): ${what ?? `${number} in number`}: ${reasons[reason]}`, value),
  );
  context.on('sending', ({ batch }) => log(`sending ${batch.lines.length} event(s), ${batch.id}`));
  context.on('answered', (about) => {
    const { batch, status, text } = about;
    log(`${batch.id}: ${status || 'none'}, ${outcomes(about)}`);
    const answer = (attempt(() => JSON.parse(text!)) ?? {}) as AnswerText;
    for (const { event_id, path, message } of answer.rejected ?? [])
      log(`event ${event_id} is in quarantine: ${path} ${message}`);
    for (const { message } of answer.warnings ?? []) log(message);
  });
  context.on('done', ({ id }) => log(`${id} has left the queue`));
  context.on('consent', (state) =>
    log(state === 'granted' ? 'consent is given' : 'consent is denied: what was stored is deleted'),
  );
  context.on('hidden', () => log('the page is hidden: sending what waits'));
  context.on('left', () => log('the page is left: handing over what waits'));
  context.on('returned', () => log('the page is back from the back/forward cache'));
};
