import type { HiveType } from '../config/hive-type.js';

/** A value that its column cannot hold. */
export class Misfit extends Error {}

const bounds = (bits: number): [bigint, bigint] => [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n];
const decimalText = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:e([+-]?\d{1,3}))?$/i;
/** What a column can hold has fewer: to make a number of a million digits takes seconds. */
const mostCharacters = 1_000;

/**
 * A JSON value as its column has it, in JSON again: numbers that come as text are numbers, times are `yyyy-MM-dd
 * HH:mm:ss.SSS` in UTC, whole numbers past 2^53 and decimals are text. What is missing is null.
 * @throws Misfit
 */
export function convertValue(value: unknown, type: HiveType, path: string, fold: (name: string) => string): unknown {
  if (value === null || value === undefined) return null;
  const misfit = (why = `is not ${nameOf(type)}`) => new Misfit(`${path}: ${shown(value)} ${why}`);
  switch (type.kind) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === 'false') return value === 'true';
      throw misfit();
    case 'integer':
      return wholeNumber(value, type.bits, misfit);
    case 'float':
    case 'double': {
      const number = typeof value === 'string' && decimalText.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) throw misfit();
      if (type.kind === 'float' && !Number.isFinite(Math.fround(number))) throw misfit();
      return number;
    }
    case 'decimal': {
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text !== 'string' || text.length > mostCharacters || !decimalText.test(text)) throw misfit();
      const units = unitsOf(text, type.scale);
      if (units === undefined || units >= 10n ** BigInt(type.precision) || -units >= 10n ** BigInt(type.precision))
        throw misfit('has more digits than the column');
      return decimalOf(units, type.scale);
    }
    case 'text': {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return type.length === undefined ? text : [...text].slice(0, type.length).join('');
    }
    case 'timestamp':
      return timeText(value, misfit);
    case 'date':
      if (typeof value !== 'string' || !/^(?!0000)\d{4}-\d\d-\d\d$/.test(value) || !isDay(value)) throw misfit();
      return value;
    case 'array':
      if (!Array.isArray(value)) throw misfit();
      return value.map((item, index) => convertValue(item, type.of, `${path}[${index}]`, fold));
    case 'map':
      if (typeof value !== 'object' || Array.isArray(value)) throw misfit();
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, convertValue(inner, type.of, `${path}.${key}`, fold)]),
      );
    case 'struct': {
      if (typeof value !== 'object' || Array.isArray(value)) throw misfit();
      const members = folded(value, fold);
      return Object.fromEntries(
        type.fields.map((field) => [
          field.name,
          convertValue(members.get(fold(field.name)), field.type, `${path}.${field.name}`, fold),
        ]),
      );
    }
  }
}

/** An object's members by their folded names; of several that fold to one, the last counts. */
export const folded = (value: object, fold: (name: string) => string): Map<string, unknown> =>
  new Map(Object.entries(value).map(([name, inner]) => [fold(name), inner]));

const nameOf = (type: HiveType): string =>
  type.kind === 'integer'
    ? `${type.bits === 8 ? 'an' : 'a'} ${type.bits}-bit integer`
    : `${type.kind === 'array' ? 'an' : 'a'} ${type.kind}`;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** A decimal in units of its last digit, rounded half up; nothing for one that is longer than any column. */
function unitsOf(text: string, scale: number): bigint | undefined {
  const [, sign, digits, exponent = '0'] = decimalText.exec(text)!;
  const [whole = '', fraction = ''] = digits!.split('.');
  const shift = Number(exponent) + scale - fraction.length;
  const number = BigInt(whole + fraction || '0');
  if (number !== 0n && String(number).length + shift > 39) return undefined;
  // One digit more than the column keeps, for the rounding; later digits do not count.
  const tenths = shift >= -1 ? number * 10n ** BigInt(shift + 1) : number / 10n ** BigInt(-shift - 1);
  const units = (tenths + 5n) / 10n;
  return sign === '-' ? -units : units;
}

function decimalOf(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const sign = units < 0n ? '-' : '';
  return `${sign}${digits.slice(0, digits.length - scale)}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
}

/** Years of four digits, which all readers of Parquet have. */
function isoTime(time: Date, misfit: () => Misfit): string {
  const text = Number.isFinite(time.getTime()) ? time.toISOString() : '';
  if (!/^(?!0000)\d{4}-/.test(text)) throw misfit();
  return text.replace('T', ' ');
}

function wholeNumber(value: unknown, bits: number, misfit: (why?: string) => Misfit): number | string {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw misfit('is past 2^53, where a JSON number is not exact: send it as text');
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^[+-]?\d{1,20}$/.test(text)) throw misfit();
  const number = BigInt(text.replace(/^\+/, ''));
  const [least, most] = bounds(bits);
  if (number < least || number > most) throw misfit();
  return Number.isSafeInteger(Number(number)) ? Number(number) : String(number);
}

const isDay = (text: string) => {
  const day = new Date(`${text}T00:00:00Z`);
  return Number.isFinite(day.getTime()) && day.toISOString().startsWith(text);
};

const timePattern = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * What OpenX's deserializer takes: ISO 8601, `yyyy-MM-dd HH:mm:ss`, seconds since 1970 (perhaps with a fraction), and
 * milliseconds.
 */
function timeText(value: unknown, misfit: () => Misfit): string {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number === 'number') {
    return isoTime(new Date(Math.abs(number) >= 1e11 ? number : number * 1000), misfit).slice(0, -1);
  }
  const match = typeof value === 'string' ? timePattern.exec(value) : null;
  if (!match) throw misfit();
  const [, day, time, fraction = '', zone = 'Z'] = match;
  if (!isDay(day!)) throw misfit();
  return `${isoTime(new Date(`${day}T${time}${zone}`), misfit).slice(0, 19)}${fraction.slice(0, 7)}`;
}
