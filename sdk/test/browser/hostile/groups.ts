import { breaking, type Change, changes, laterChanges } from './built-ins.js';
import { encodings } from './encodings.js';
import { type Group, groupOf } from './feature.js';
import { libraries } from './libraries.js';
import { opaque, policies, requests, storages, workers } from './surroundings.js';

/** A page's changes ahead of the tracker, which then needs the built-ins of a frame. */
const before = (list: readonly Change[]) =>
  list.map(([what, code]) => ({
    name: `before: ${what}`,
    before: code,
    ...(breaking.has(what) ? { denies: ['built-ins'] as const } : {}),
  }));
const after = (list: readonly Change[]) => list.map(([what, code]) => ({ name: `after: ${what}`, after: code }));

/** More built-ins of the browser that pages replace, by what works less well or not at all. */
const browserChanges: readonly Change[] = [
  ['sendBeacon says that it worked', 'navigator.sendBeacon = () => true;'],
  ['the classes of the DOM are others', 'Element = class {}; Document = class {}; Node = class {};'],
  ['events are of another class', 'Event = class {}; MouseEvent = class {}; CustomEvent = class {};'],
  ['Request and Response are others', 'Request = class {}; Response = class {}; Headers = class {};'],
  ['blobs and streams are others', 'Blob = class {}; CompressionStream = class {}; ReadableStream = class {};'],
  ['addresses are read by another class', 'URLSearchParams = class {}; encodeURIComponent = String;'],
  ['getAttribute finds nothing', 'Element.prototype.getAttribute = () => null;'],
  ['composedPath is empty', 'Event.prototype.composedPath = () => [];'],
  ['listeners are not added any more', 'EventTarget.prototype.addEventListener = () => {};'],
  ['no random bytes', 'crypto.getRandomValues = () => { throw new Error("of the page"); };'],
  ['no AbortController', 'AbortController = undefined;'],
  ['regular expressions find nothing', 'RegExp.prototype.test = () => false; RegExp.prototype.exec = () => null;'],
  ['numbers are not numbers', 'Number = () => NaN; parseInt = () => NaN; isNaN = () => true;'],
  ['arrays are not known', 'Array.isArray = () => false; Array.from = () => [];'],
  ['ranges of IndexedDB are others', 'IDBKeyRange = { bound: () => undefined };'],
];

const names = [
  'URL',
  'title',
  'referrer',
  'body',
  'documentElement',
  'visibilityState',
  'readyState',
  'currentScript',
  'querySelector',
  'createElement',
  'addEventListener',
  'location',
  'defaultView',
  'cookie',
];

/** Every kind of hostile feature, with the share of pages that have one of it. */
export const groups: readonly Group[] = [
  groupOf(
    'library',
    0.35,
    libraries.map(([name, code]) => ({ name, before: code })),
  ),
  groupOf('built-ins', 0.5, [...before(changes), ...after([...changes, ...laterChanges])]),
  groupOf('browser', 0.4, [
    ...after(browserChanges),
    { name: 'before: no AbortController', before: 'AbortController = undefined;' },
    { name: 'before: no compression', before: 'CompressionStream = undefined;' },
    {
      name: 'before: no Web Locks',
      before: 'Object.defineProperty(Navigator.prototype, "locks", { value: undefined });',
    },
    { name: 'before: no Navigation API', before: 'Object.defineProperty(window, "navigation", { value: undefined });' },
  ]),
  groupOf('frozen', 0.15, [
    { name: 'Object.prototype before', before: 'Object.freeze(Object.prototype);' },
    {
      name: 'all prototypes before',
      before:
        'for (const type of [Object, Array, String, Date, Function, Promise, Error]) Object.freeze(type.prototype);',
    },
    { name: 'the namespaces', after: 'for (const space of [JSON, Math, Reflect, Object]) Object.freeze(space);' },
  ]),
  groupOf('names', 0.4, [
    ...names.map((name) => ({ name: `a form ${name}`, head: `<form name="${name}"></form>` })),
    ...names.map((name) => ({ name: `an image ${name}`, head: `<img name="${name}" src="data:,">` })),
    { name: 'an element millrace', head: '<div id="millrace"></div>' },
    {
      name: 'a form around all',
      head: '<form><input name="getAttribute"><input name="attributes"><input name="tagName">',
    },
    { name: 'a class Element', before: 'class Element {} class Document {} const Request = 1;' },
    { name: 'variables of the page', before: 'const now = 1, split = 2, map = 3, e = 4, t = 5, n = 6, r = 7, o = 8;' },
  ]),
  requests,
  storages,
  policies,
  workers,
  encodings,
  groupOf('base', 0.2, [
    { name: 'another host', head: '<base href="https://elsewhere.invalid/a/b/">' },
    { name: 'another path and target', head: '<base href="/deep/path/" target="_self">' },
  ]),
  groupOf('tag', 0.4, [
    { name: 'document.write', tag: 'written' },
    { name: 'inserted by a script', tag: 'inserted' },
    { name: 'async', tag: 'async' },
    { name: 'a module', tag: 'module' },
  ]),
  groupOf('frame', 0.05, [
    { name: 'a sandbox with scripts', frame: 'allow-scripts', denies: opaque },
    {
      name: 'a sandbox with scripts, forms and popups',
      frame: 'allow-scripts allow-forms allow-popups',
      denies: opaque,
    },
  ]),
  groupOf('history', 0.25, [
    {
      name: 'wrapped before, and called',
      before: `for (const name of ['pushState', 'replaceState']) { const own = history[name];
        history[name] = function (...given) { return own.apply(this, given); }; }
        history.replaceState({ a: 1 }, '', location.href + '?wrapped');`,
    },
    {
      name: 'wrapped after, and called',
      after: `const own = history.pushState; history.pushState = function () { return own.apply(history, arguments); };
        try { history.pushState(null, '', location.href + '?pushed'); } catch {}`,
    },
    { name: 'fails', before: 'history.pushState = history.replaceState = () => { throw new Error("of the page"); };' },
  ]),
  groupOf('events', 0.25, [
    {
      name: 'clicks are stopped ahead of the tracker',
      before: `window.addEventListener('click', (event) => event.stopImmediatePropagation(), true);`,
      denies: ['clicks'],
    },
    {
      name: 'clicks are stopped after the tracker',
      after: `window.addEventListener('click', (event) => event.stopImmediatePropagation(), true);`,
      denies: ['handlers'],
    },
    {
      name: 'clicks are prevented',
      before: `window.addEventListener('click', (event) => event.preventDefault(), true);`,
      denies: ['navigation'],
    },
    {
      name: 'errors in listeners',
      before: `for (const type of ['click', 'pagehide', 'visibilitychange', 'load'])
        window.addEventListener(type, () => { throw new Error('of the page'); }, true);`,
    },
    {
      name: 'onerror and unhandledrejection report',
      before: `window.onerror = (message) => { throw new Error('of the page'); };
        window.onunhandledrejection = (event) => event.preventDefault();`,
    },
  ]),
  groupOf('millrace', 0.25, [
    { name: 'is deleted', after: 'delete window.millrace;' },
    { name: 'is null before', before: 'window.millrace = null;' },
    { name: 'is a frozen object after', after: 'Object.freeze(window.millrace);' },
    { name: 'is replaced', after: 'window.millrace = { track() { throw new Error("of the page"); } };' },
    { name: 'is another thing before', before: 'window.millrace = function () {};' },
  ]),
];
