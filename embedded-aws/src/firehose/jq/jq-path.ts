import { keywords } from './jq-tokens.js';

/**
 * The jq filters that nearly everybody uses for dynamic partitioning, `{page:.page,event:.context.event}`, compiled to
 * JavaScript: an object of plain paths. Everything else goes to jq itself. A property test holds the two together.
 */

/** What one record gives for the query: the members of its object, or why there is none. */
export type QueryResult = { values: Record<string, unknown> } | { failure: string };

/** Runs on one record, parsed. */
export type PathQuery = (record: unknown) => QueryResult;

/** The paths that a query asks for: `{ page: ['page'], event: ['context', 'event'] }`. */
export type Paths = Map<string, string[]>;

/** The query's paths, or nothing when it is more than an object of plain paths. */
export function parsePaths(query: string): Paths | undefined {
  const tokens = tokenize(query);
  if (tokens?.[0] !== '{') return undefined;
  const paths: Paths = new Map();
  let at = 1;
  for (;;) {
    const key = nameOf(tokens[at++]);
    // A key twice is a mistake that jq may answer.
    if (key === undefined || key === '__proto__' || paths.has(key)) return undefined;
    if (tokens[at] === ':') {
      const path = parsePath(tokens, at + 1);
      if (!path) return undefined;
      paths.set(key, path.names);
      at = path.end;
    } else if (keywords.has(key)) return undefined;
    // `{page}` is short for `{page:.page}`.
    else paths.set(key, [key]);
    const separator = tokens[at++];
    if (separator === '}') return at === tokens.length ? paths : undefined;
    if (separator !== ',') return undefined;
  }
}

/** A function that takes the paths from a record as jq would. */
export function compilePaths(paths: Paths): PathQuery {
  const entries = [...paths];
  return (record) => {
    const values: Record<string, unknown> = {};
    for (const [key, names] of entries) {
      let value = record;
      for (const name of names) {
        if (value === null) break;
        if (typeof value !== 'object' || Array.isArray(value)) {
          return { failure: `Cannot index ${kindOf(value)} with string "${name}"` };
        }
        value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null;
      }
      values[key] = value;
    }
    return { values };
  };
}

const kindOf = (value: unknown) => (Array.isArray(value) ? 'array' : typeof value);

/** `.a."b c"["d"]`, from `tokens[at]` on. */
function parsePath(tokens: string[], at: number): { names: string[]; end: number } | undefined {
  const names: string[] = [];
  let end = at;
  for (;;) {
    if (tokens[end] === '.') {
      // The dot alone is the record itself; `.["a"]` may begin a path, but `.a.["b"]` is not jq 1.6.
      if (tokens[end + 1] === '[' && names.length === 0) end++;
      else {
        const name = nameOf(tokens[end + 1]);
        if (name === undefined) return names.length === 0 ? { names, end: end + 1 } : undefined;
        names.push(name);
        end += 2;
        continue;
      }
    }
    if (tokens[end] !== '[' || end === at) break;
    const name = tokens[end + 1];
    if (!name?.startsWith('"') || tokens[end + 2] !== ']') return undefined;
    names.push(name.slice(1, -1));
    end += 3;
  }
  return end > at ? { names, end } : undefined;
}

const nameOf = (token: string | undefined): string | undefined =>
  token === undefined ? undefined : token.startsWith('"') ? token.slice(1, -1) : /^\w/.test(token) ? token : undefined;

/**
 * Names, strings without escapes (as written, with their quotes) and punctuation; nothing when there is anything else.
 * A space between a dot and its name is left to jq, whose versions differ in it.
 */
function tokenize(query: string): string[] | undefined {
  const tokens: string[] = [];
  const token = /\s*([A-Za-z_][A-Za-z0-9_]*|"[^"\\\p{Cc}]*"|[{}:,.[\]])/uy;
  const source = query.trimEnd();
  if (/\.\s+[\w"[]/.test(source)) return undefined;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    if (!match) return undefined;
    tokens.push(match[1]!);
  }
  return tokens;
}
