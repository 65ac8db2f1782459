/** A column's type, as Glue writes it: `array<struct<sku:string,price:decimal(10,2)>>`. */
export type HiveType =
  | { kind: 'boolean' | 'float' | 'double' | 'timestamp' | 'date' }
  | { kind: 'integer'; bits: 8 | 16 | 32 | 64 }
  | { kind: 'decimal'; precision: number; scale: number }
  /** `length` is that of char and varchar. */
  | { kind: 'text'; length?: number }
  | { kind: 'array'; of: HiveType }
  | { kind: 'map'; of: HiveType }
  | { kind: 'struct'; fields: { name: string; type: HiveType }[] };

/** A column type that format conversion cannot use; the message begins with `the type`. */
export class HiveTypeError extends Error {}

const integers: Record<string, 8 | 16 | 32 | 64> = { tinyint: 8, smallint: 16, int: 32, integer: 32, bigint: 64 };

const maxDepth = 100;

/** @throws HiveTypeError for malformed text, and for a type that format conversion does not support */
export function parseHiveType(text: string): HiveType {
  let at = 0;
  const source = text.toLowerCase().replace(/\s+/g, '');

  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const rest = () => source.slice(at, at + 100) || 'its end';
  const refuse = (why: string) => new HiveTypeError(`the type ${shown} ${why}`);
  function expect(token: string): void {
    if (!source.startsWith(token, at)) throw refuse(`is not readable at "${rest()}"`);
    at += token.length;
  }
  function word(): string {
    const found = /^[a-z_][\w$]*/.exec(source.slice(at))?.[0];
    if (found === undefined) throw refuse(`is not readable at "${rest()}"`);
    at += found.length;
    return found;
  }
  function number(): number {
    const found = /^\d+/.exec(source.slice(at))?.[0];
    if (found === undefined) throw refuse('must have a number in its brackets');
    at += found.length;
    return Number(found);
  }

  let depth = 0;
  function type(): HiveType {
    if (++depth > maxDepth) throw refuse('is nested too deep');
    const found = typeHere();
    depth--;
    return found;
  }

  function typeHere(): HiveType {
    const name = word();
    if (Object.hasOwn(integers, name)) return { kind: 'integer', bits: integers[name]! };
    switch (name) {
      case 'boolean':
      case 'float':
      case 'double':
      case 'timestamp':
      case 'date':
        return { kind: name };
      case 'string':
        return { kind: 'text' };
      case 'char':
      case 'varchar': {
        expect('(');
        const length = number();
        expect(')');
        return { kind: 'text', length };
      }
      case 'decimal': {
        if (source[at] !== '(') return { kind: 'decimal', precision: 10, scale: 0 };
        expect('(');
        const precision = number();
        let scale = 0;
        if (source[at] === ',') {
          expect(',');
          scale = number();
        }
        expect(')');
        if (precision < 1 || precision > 38 || scale > precision)
          throw refuse('must have a precision from 1 to 38 and a scale of at most the precision');
        return { kind: 'decimal', precision, scale };
      }
      case 'array': {
        expect('<');
        const of = type();
        expect('>');
        return { kind: 'array', of };
      }
      case 'map': {
        expect('<');
        const key = type();
        if (key.kind !== 'text') throw refuse('has a map whose keys are not strings, as JSON keys are');
        expect(',');
        const of = type();
        expect('>');
        return { kind: 'map', of };
      }
      case 'struct': {
        expect('<');
        const fields: { name: string; type: HiveType }[] = [];
        for (;;) {
          const field = word();
          expect(':');
          fields.push({ name: field, type: type() });
          if (source[at] !== ',') break;
          at++;
        }
        expect('>');
        return { kind: 'struct', fields };
      }
      default:
        throw refuse('is not supported by format conversion');
    }
  }

  const parsed = type();
  if (at !== source.length) throw refuse(`is not readable at "${rest()}"`);
  return parsed;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The type under which DuckDB reads and writes it. */
export function duckdbType(type: HiveType): string {
  switch (type.kind) {
    case 'integer':
      return { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[type.bits];
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'text':
      return 'VARCHAR';
    case 'array':
      return `${duckdbType(type.of)}[]`;
    case 'map':
      return `MAP(VARCHAR, ${duckdbType(type.of)})`;
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `${quoted(field.name)} ${duckdbType(field.type)}`).join(', ')})`;
    default:
      return type.kind.toUpperCase();
  }
}
