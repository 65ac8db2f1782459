import { attempt } from './attempt.js';
import { lookUp } from './realm.js';

/*
 * Built-ins as the page has them when the tracker is loaded. A page may replace any of them by one that does something
 * else, as old libraries did with `reduce`, `Object.keys` and `toJSON`. What it replaces later does not reach the
 * tracker; for what it has replaced before see `replaced`.
 */

/** A function of a built-in object, or of its prototype. */
const fixed = <Work>(type: string, name: string, isMethod?: boolean): Work =>
  lookUp((realm) => (isMethod ? realm[type]!.prototype : realm[type]!)[name] as Work);

/** A method as a function of its object: `map(list, work)` for `list.map(work)`. */
const method = <Method>(type: string, name: string): Method =>
  Function.prototype.call.bind(fixed<() => void>(type, name, true)) as Method;

type List<One> = readonly One[];

/** `Array.prototype.map` */
export const map = /* @__PURE__ */ method<
  <One, Result>(list: List<One>, work: (one: One, index: number) => Result) => Result[]
>('Array', 'map');
/** `Array.prototype.filter` */
export const filter = /* @__PURE__ */ method<
  <One>(list: List<One>, keeps: (one: One, index: number) => unknown) => One[]
>('Array', 'filter');
/** `Array.prototype.forEach` */
export const each = /* @__PURE__ */ method<<One>(list: List<One>, work: (one: One, index: number) => unknown) => void>(
  'Array',
  'forEach',
);
/** `Array.prototype.find` */
export const find = /* @__PURE__ */ method<<One>(list: List<One>, fits: (one: One) => unknown) => One | undefined>(
  'Array',
  'find',
);
/** `Array.prototype.flatMap` */
export const flatMap = /* @__PURE__ */ method<
  <One, Result>(list: List<One>, work: (one: One, index: number) => List<Result>) => Result[]
>('Array', 'flatMap');
/** `Array.prototype.join` */
export const join = /* @__PURE__ */ method<(list: List<unknown>, between?: string) => string>('Array', 'join');
/** `Array.prototype.slice` */
export const part = /* @__PURE__ */ method<<One>(list: List<One>, from: number, to?: number) => One[]>(
  'Array',
  'slice',
);
/** `Array.prototype.push` */
export const push = /* @__PURE__ */ method<<One>(list: One[], one: One) => number>('Array', 'push');
/** `Array.prototype.sort` */
export const sort = /* @__PURE__ */ method<<One>(list: One[], order?: (one: One, other: One) => number) => One[]>(
  'Array',
  'sort',
);
/** `String.prototype.slice` */
export const cut = /* @__PURE__ */ method<(text: string, from: number, to?: number) => string>('String', 'slice');
/** `String.prototype.indexOf` */
export const indexOf = /* @__PURE__ */ method<(text: string, part: string) => number>('String', 'indexOf');
/** `String.prototype.toLowerCase` */
export const lowerCase = /* @__PURE__ */ method<(text: string) => string>('String', 'toLowerCase');
/** `String.prototype.normalize` */
export const normalize = /* @__PURE__ */ method<(text: string, form: string) => string>('String', 'normalize');
/** `String.prototype.replace` */
export const replace = /* @__PURE__ */ method<
  (text: string, what: RegExp, by: string | ((found: string) => string)) => string
>('String', 'replace');
/** `String.prototype.split` */
export const split = /* @__PURE__ */ method<(text: string, at: string | RegExp) => string[]>('String', 'split');
/** `String.prototype.toUpperCase` */
export const upperCase = /* @__PURE__ */ method<(text: string) => string>('String', 'toUpperCase');
/** `Number.prototype.toString` */
export const digitsOf = /* @__PURE__ */ method<(number: number, base: number) => string>('Number', 'toString');

/** `Object.assign` */
export const assign = /* @__PURE__ */ fixed<typeof Object.assign>('Object', 'assign');
/** `Object.getOwnPropertyDescriptor` */
export const ownProperty = /* @__PURE__ */ fixed<typeof Object.getOwnPropertyDescriptor>(
  'Object',
  'getOwnPropertyDescriptor',
);
/** `Object.keys` */
export const keysOf = /* @__PURE__ */ fixed<(of: object) => string[]>('Object', 'keys');
/** `JSON.parse` */
export const parse = /* @__PURE__ */ fixed<typeof JSON.parse>('JSON', 'parse');
/** `JSON.stringify` */
export const stringify = /* @__PURE__ */ fixed<(value: unknown) => string>('JSON', 'stringify');
/** `Math.abs` */
export const abs = /* @__PURE__ */ fixed<(number: number) => number>('Math', 'abs');
/** `Math.floor` */
export const floor = /* @__PURE__ */ fixed<(number: number) => number>('Math', 'floor');
/** `Math.max` */
export const max = /* @__PURE__ */ fixed<(...numbers: number[]) => number>('Math', 'max');
/** `Math.min` */
export const min = /* @__PURE__ */ fixed<(...numbers: number[]) => number>('Math', 'min');
/** `Math.round` */
export const round = /* @__PURE__ */ fixed<(number: number) => number>('Math', 'round');

/** `Reflect.apply`: calls a function with its `this`, and a list of arguments. */
export const apply = /* @__PURE__ */ fixed<
  // biome-ignore lint/suspicious/noExplicitAny: as Reflect.apply has it
  <Work extends (...given: any) => unknown>(work: Work, on: unknown, given: Parameters<Work>) => ReturnType<Work>
>('Reflect', 'apply');
/** `Reflect.get` */
export const get = /* @__PURE__ */ fixed<typeof Reflect.get>('Reflect', 'get');
/** `Reflect.set` */
export const set = /* @__PURE__ */ fixed<typeof Reflect.set>('Reflect', 'set');

/** The page's class, which may be one of its own when the tracker is loaded. */
const Time = Date;
const toISOString = /* @__PURE__ */ method<(date: Date) => string>('Date', 'toISOString');
/** A time, in milliseconds since 1970, as ISO 8601 has it. A time out of range has none: null. */
export const isoTime = (at: number | Date): string | null => attempt(() => toISOString(new Time(at))) ?? null;
