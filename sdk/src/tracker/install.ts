import { attempt } from './browser/attempt.js';
import { apply, assign, each, ownProperty, push, replace } from './browser/builtins.js';
import { ofDocument } from './browser/dom.js';
import { loadBeside } from './browser/load-beside.js';
import { keepTime, now } from './browser/time.js';
import { warn } from './browser/warn.js';
import type { TrackerContext } from './core/context.js';
import { callNames, safely } from './core/safely.js';
import { type Started, startTracker } from './core/start-tracker.js';
import type { TrackerModule } from './module.js';
import { pages, views } from './modules/views.js';
import type { Tracker, TrackerOptions } from './types.js';

/**
 * A call that the stub kept: the method, its arguments, when it was, in milliseconds since 1970, and for `flush` what
 * settles its promise.
 */
type KeptCall = [method: string, given: ArrayLike<unknown>, at: number, settle?: (result: unknown) => void];

/** The calls that the stub kept, and the number of all that were made. */
interface KeptCalls extends Array<KeptCall> {
  n?: number;
}

/** `window.millrace` before the script has run, when the page has the stub. */
type Stub = Partial<Tracker> & { q?: KeptCalls };

/** Repeats the kept calls, with their time, and from now on those of a method that the page has taken from the stub. */
function replay(calls: KeptCalls, tracker: Started): void {
  const repeat = ([method, given, at, settle]: KeptCall) =>
    attempt(() => {
      const call = tracker[method] as (...given: unknown[]) => unknown;
      const result = method === 'track' ? call(given[0], given[1], at) : call(given[0], at);
      settle?.(result);
    });
  each(calls, repeat);
  const number = (calls.n ?? 0) - calls.length;
  // Through `use`, which gives the context.
  if (number > 0) tracker.use((context: TrackerContext) => void context._tell('dropped', { reason: 'early', number }));
  delete calls.n;
  // Fails where the page has frozen what it inherits.
  attempt(() => {
    calls.push = repeat as never;
  });
}

/** What the stub does, in a page without it. */
export function keepCalls(): void {
  // In a page with <div id="millrace"> the name is that element, but not the window's own property.
  if (ownProperty(window, 'millrace')?.value) return;
  keepTime();
  const q: KeptCalls = [];
  const stub = { q } as Record<string, unknown>;
  each(callNames, (name) => {
    stub[name] = (...given: unknown[]) => void push(q, [name, given, now()]);
  });
  stub.flush = async () => {};
  window.millrace = stub as unknown as Tracker;
}

/** The tag of the script that runs. */
export const scriptTag = (): HTMLScriptElement | null =>
  (ofDocument('currentScript') ??
    apply(ofDocument('querySelector'), document, ['script[data-key]'])) as HTMLScriptElement | null;

/**
 * Reads the attributes of the script's tag, and puts the tracker at `window.millrace`, on the stub's object if there is
 * one.
 */
export function install(
  script: HTMLScriptElement | null,
  modulesOf: (attributes: DOMStringMap) => TrackerModule[],
): void {
  // In a page with <div id="millrace"> the name is that element, but not the window's own property.
  const stub: Stub = ownProperty(window, 'millrace')?.value || {};
  const attributes = { ...script?.dataset };
  const { key, plugins } = attributes;
  const options = { ...attributes, quiet: attributes.quiet != null } as TrackerOptions;
  if (stub.version) {
    warn(options, 'loaded twice');
    return;
  }
  const tracker = safely(options, () => {
    // The script's own origin, unless data-endpoint names another, relative to the page.
    options.endpoint = options.endpoint || (script!.src && new URL('/v1/events', script!.src).href);
    // Then all calls do nothing.
    if (!key || !options.endpoint)
      return warn(options, `nothing is tracked without data-${key ? 'endpoint' : 'key'}`) as never;
    const started = startTracker(options, [...modulesOf(attributes), pages]);
    // Before the page view: the kept calls came first, and may have identified the visitor.
    replay(stub.q ?? [], started);
    if (attributes.auto !== 'off') started.use(views);
    // At each name.
    replace(plugins || '', /[\w-]+/g, (name) => {
      loadBeside(script!, name);
      return '';
    });
    return started;
  });
  window.millrace = assign(stub, tracker) as unknown as Tracker;
  delete stub.q;
}
