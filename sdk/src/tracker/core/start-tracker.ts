import { lingerMs } from '../bounds.js';
import { attempt } from '../browser/attempt.js';
import { assign, cut, each, find, floor, join, split } from '../browser/builtins.js';
import { random } from '../browser/random.js';
import { createStore } from '../browser/store.js';
import { keepTime, now } from '../browser/time.js';
import { createIdentity } from '../identity/identity.js';
import { createStream } from '../identity/stream.js';
import type { TrackerModule } from '../module.js';
import type { Plugin } from '../plugin.js';
import { createQueue } from '../queue/queue.js';
import { createBackoff } from '../send/backoff.js';
import { createSender } from '../send/sender.js';
import { createPost } from '../send/transport.js';
import type { TrackerOptions } from '../types.js';
import { version } from '../version.js';
import type { TrackerContext } from './context.js';
import { eventText } from './event-text.js';

/** The calls of a tracker and its modules. The script tag's stub keeps calls, and passes when they were made. */
export interface Started {
  track(event: unknown, fields?: unknown, at?: number): void;
  /** Undefined while nothing may be sent. */
  flush(): Promise<unknown> | undefined;
  /** Takes everything back that it has done to the page. What waits is sent by the next tracker of the key. */
  stop(): void;
  use(plugin: Plugin): void;
  use(module: TrackerModule): void;
  [call: string]: unknown;
}

/**
 * Starts a tracker that stores events, and sends them until the server acknowledges them. It needs the module
 * `defaults` or those that replace it. @throws when options or storage are unusable; `safely` keeps that from the page.
 */
export function startTracker(options: TrackerOptions, modules: readonly TrackerModule[]): Started {
  keepTime();
  const endpoint = new URL(options.endpoint, location.href);
  endpoint.hash = '';
  endpoint.search += `${endpoint.search && '&'}key=${encodeURIComponent(options.key)}`;
  const name = `millrace.${join(split(options.key, /\W/), '_')}`;
  const listeners: { [moment: string]: ((about: never) => unknown)[] } = {};
  const store = createStore(() => localStorage, `${name}.`);
  const stream = createStream();
  const committed = () => {
    stream._note?.();
    context._sender._wake(lingerMs);
  };

  const context = {
    _options: options,
    _store: store,
    _stream: stream,
    _identity: createIdentity(store, () => stream._end()),
    _queue: createQueue(store, (reason, number) => context._tell('dropped', { reason, number }), name, committed),
    _backoff: createBackoff(store, random),
    _post: createPost(),
    on(moment, listener) {
      listeners[moment] = [...(listeners[moment] || []), listener];
    },
    _tell: (moment, about) => !find(listeners[moment] || [], (call) => attempt(() => call(about as never)) === false),
    _whenAllowed: (work) => work(),
    _lease: (work) => work(),
    _urlOf(batch, sent_at) {
      const sending = { batch, sent_at };
      context._tell('sending', sending);
      return `${endpoint}&sent_at=${sending.sent_at}&batch=${batch.id}`;
    },
    _prepare(draft) {
      assign(draft, context._platform, {
        page: draft.page || context._pageName(),
        url: draft.url || cut(location.href, 0, 2048),
        sdk: `millrace-js/${version}`,
      });
      return !!draft.event && context._tell('event', draft) && context._factsOf(draft);
    },
    _place(facts, at, isFinal) {
      const _person = context._identity._touch(at);
      // Numbered last, when nothing can fail any more: a number without an event would look like a loss.
      const _entry = stream._next(at, eventText(facts, _person));
      if (isFinal) context._keep(_entry);
      return { _entry, _person };
    },
    _keep(entry) {
      context._queue._append(entry);
      context._tell('stored', entry);
    },
    track: (...given) => context._track(...given),
    _track(event, fields, given) {
      // In whole milliseconds, also where the page has replaced Date.
      const at = floor(given || now());
      const facts = at > 0 && context._prepare(context._clean(event, fields));
      if (facts) context._whenAllowed(() => context._place(facts, at, true));
    },
  } as Omit<TrackerContext, '_sender'> as TrackerContext;
  context._sender = createSender(context, name);

  const calls: Started = {
    track: context.track,
    flush() {
      context._closeView?.();
      return context._whenAllowed(context._sender._flush);
    },
    stop() {
      context._tell('stopped');
      void context._queue._commit();
      context._whenAllowed = () => undefined;
    },
    use: (module: TrackerModule) => attempt(() => assign(calls, module(context as never))),
  };
  each(modules, calls.use);
  // Earlier pages may have left events in localStorage, which a kill of the browser can lose.
  context._whenAllowed(() => {
    void context._queue._commit();
    context._sender._wake(lingerMs);
  });
  return calls;
}
