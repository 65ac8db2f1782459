import type { Walked, WalkOptions } from '../store/walk.js';

export interface PageRequest {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  readonly after: string;
  readonly behindPrefix?: string;
  readonly maxKeys: number;
}

export interface Page {
  readonly objects: readonly { readonly key: string; readonly path: string }[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page goes on; nothing when this one is the last. */
  readonly next?: { readonly key: string } | { readonly commonPrefix: string };
}

/** One page of a listing: keys, with those that share a delimiter behind the prefix rolled up into one common prefix. */
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

/** The key's beginning up to and with the first delimiter behind the prefix. */
export function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}
