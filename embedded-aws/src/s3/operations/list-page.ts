import type { Walked, WalkOptions } from '../store/walk.js';

/** What a client asks of a listing. */
export interface PageRequest {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** Only keys after this one; empty for all. */
  readonly after: string;
  /** Skip keys with this prefix: the last common prefix of the page before. */
  readonly behindPrefix?: string;
  readonly maxKeys: number;
}

/** One page of a listing. */
export interface Page {
  readonly objects: readonly { readonly key: string; readonly path: string }[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page starts; undefined when this page is the last. */
  readonly next?: { readonly key: string } | { readonly commonPrefix: string };
}

/** Makes one page of a listing. Keys that have the delimiter after the prefix are rolled up into common prefixes. */
export async function listPage(
  request: PageRequest,
  walk: (options: WalkOptions) => AsyncIterable<Walked>,
): Promise<Page> {
  const { prefix, delimiter, after, behindPrefix, maxKeys } = request;
  const objects: { key: string; path: string }[] = [];
  const commonPrefixes: string[] = [];
  if (maxKeys === 0) return { objects, commonPrefixes };
  let last: Page['next'];
  const options = {
    prefix,
    after,
    rollUpFolders: delimiter === '/',
    ...(behindPrefix !== undefined && { behindPrefix }),
  };
  for await (const walked of walk(options)) {
    const rolled = 'commonPrefix' in walked ? walked.commonPrefix : commonPrefixOf(walked.key, prefix, delimiter);
    if (rolled !== undefined && rolled === commonPrefixes.at(-1)) continue;
    if (objects.length + commonPrefixes.length === maxKeys)
      return { objects, commonPrefixes, ...(last && { next: last }) };
    if (rolled !== undefined) {
      commonPrefixes.push(rolled);
      last = { commonPrefix: rolled };
    } else if ('key' in walked) {
      objects.push(walked);
      last = { key: walked.key };
    }
  }
  return { objects, commonPrefixes };
}

/** The start of the key up to and with the first delimiter after the prefix; undefined when there is none. */
export function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}
