/** A page's change of a built-in: what, and the code. */
export type Change = readonly [what: string, code: string];

/** Changes of built-ins that a page may make before the tracker comes, or after. */
export const changes: readonly Change[] = [
  ['Date has another toJSON', 'Date.prototype.toJSON = function () { return this.toString(); };'],
  [
    'everything has a toJSON, as in an old Prototype.js',
    `for (const type of [Object, Array, String, Number, Boolean])
      type.prototype.toJSON = function () { return 'of ' + String(this); };`,
  ],
  ['JSON is another object', `JSON = { encode: String, decode: String, stringify: () => '{}', parse: () => ({}) };`],
  ['JSON.stringify fails', `JSON.stringify = () => { throw new Error('no JSON'); };`],
  ['JSON.parse finds nothing', 'JSON.parse = () => undefined;'],
  [
    'methods of arrays do something else',
    `for (const name of ['map', 'filter', 'forEach', 'find', 'flatMap', 'join', 'slice', 'push', 'sort', 'reduce', 'some',
      'every', 'includes', 'indexOf', 'concat', 'pop', 'shift', 'splice']) Array.prototype[name] = () => [];`,
  ],
  [
    'methods of strings do something else',
    `for (const name of ['split', 'slice', 'replace', 'indexOf', 'padStart', 'toLowerCase', 'toUpperCase', 'normalize',
      'trim', 'startsWith', 'includes', 'charCodeAt', 'substring']) String.prototype[name] = () => 'x';`,
  ],
  [
    'functions of Object do something else',
    `Object.keys = Object.values = Object.entries = () => ['x']; Object.assign = () => ({});`,
  ],
  [
    'functions of Math do something else',
    `for (const name of ['floor', 'max', 'min', 'abs', 'round']) Math[name] = () => 0;`,
  ],
  ['numbers are written in another way', `Number.prototype.toString = () => 'x';`],
  ['dates are written in another way', `Date.prototype.toISOString = Date.prototype.valueOf = () => 'x';`],
  ['random numbers are none', 'Math.random = () => 0.5;'],
  [
    'maps and sets forget',
    `Map.prototype.get = Set.prototype.has = Map.prototype.has = () => undefined; Set.prototype.add = () => {};`,
  ],
  ['objects and arrays have enumerable extras', `Object.prototype.extend = Array.prototype.each = () => {};`],
];

/** These only where they come later: before it, nothing that works is left. */
export const laterChanges: readonly Change[] = [
  [
    'functions cannot be bound or called',
    `Function.prototype.call = Function.prototype.bind = Function.prototype.apply = () => 'x';`,
  ],
  ['the clock stands still', 'Date.now = () => 0;'],
  [
    'Date is another class',
    'window.TrueDate = Date; Date = class { static now() { return 0; } toISOString() { return "x"; } };',
  ],
  [
    'promises are of another class, and then is wrapped, as by Zone.js',
    `const { then } = Promise.prototype;
      Promise.prototype.then = function (...given) { return then.apply(this, given); };
      Promise = class extends Promise {};`,
  ],
  [
    'all is frozen',
    'for (const type of [Object, Array, String, Date, Function, Promise]) Object.freeze(type.prototype);',
  ],
  ['timers never fire', 'setTimeout = setInterval = () => 0;'],
];

/** After these nothing that works is left in the page itself: the tracker needs the built-ins of a frame. */
export const breaking: ReadonlySet<string> = new Set([
  'JSON is another object',
  'JSON.stringify fails',
  'methods of arrays do something else',
  'methods of strings do something else',
  'functions of Object do something else',
  'functions of Math do something else',
  'numbers are written in another way',
  'dates are written in another way',
]);
