/** The pages that may send: a list for every key, and lists of single keys that replace it. */
export interface Origins {
  common: readonly string[];
  byKey: ReadonlyMap<string, readonly string[]>;
}

/** `*`, `null` (a file or a sandboxed frame), or scheme://host[:port], where the host may begin with `*.` */
const pattern = /^(\*|null|https?:\/\/(\*\.)?[a-z0-9.-]+(:\d{1,5})?|https?:\/\/\[[0-9a-f:]+\](:\d{1,5})?)$/;

function parseList(text: string): string[] {
  const origins = text.split(/[\s,]+/).filter((origin) => origin !== '');
  for (const origin of origins) {
    if (!pattern.test(origin)) {
      throw new RangeError(`invalid origin "${origin}": use scheme://host[:port] in lower case, without a path`);
    }
  }
  return origins;
}

/**
 * Parses "https://a.example https://b.example" (for every key), "key1=https://a.example;key2=*" (by key), or both,
 * separated by ";".
 * @throws RangeError naming the entry
 */
export function parseOrigins(text: string): Origins {
  const common: string[] = [];
  const byKey = new Map<string, readonly string[]>();
  for (const part of text.split(';')) {
    const keyed = /^\s*([A-Za-z0-9_-]+)\s*=(.*)$/s.exec(part);
    if (keyed === null) common.push(...parseList(part));
    else byKey.set(keyed[1]!, parseList(keyed[2]!));
  }
  return { common, byKey };
}

function matches(entry: string, origin: string): boolean {
  if (entry === '*' || entry === origin) return true;
  const star = entry.indexOf('*.');
  // The part before the star must be there, and something besides it.
  return (
    star > 0 &&
    origin.startsWith(entry.slice(0, star)) &&
    origin.endsWith(entry.slice(star + 1)) &&
    origin.length > entry.length - 1
  );
}

/** Whether a page of this origin may send with this key. Undefined is allowed: such a request comes from no page. */
export function isAllowed(origins: Origins, key: string, origin: string | undefined): boolean {
  if (origin === undefined) return true;
  return (origins.byKey.get(key) ?? origins.common).some((entry) => matches(entry, origin));
}
