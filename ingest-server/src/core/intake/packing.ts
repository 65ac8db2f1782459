import { isWrapper, type Wrapper } from './unzip.js';

/** How a body is packed, as the request says. */
export interface Packing {
  /** Announced only: whether it is gzip is seen. */
  isZipped: boolean;
  /** It leaves out what a line shares with the one before; under the gzip, if it has both. */
  isDelta: boolean;
  /** The outermost layer, if only the header tells it. */
  wrapper: Wrapper | undefined;
}

/** The packing, from the `encoding` parameter (needs no preflight) and the `content-encoding` header. */
export function packingOf(encoding: unknown, header: string | undefined): Packing {
  const codings = codingsOf(header);
  const outermost = codings.at(-1);
  return {
    isZipped: encoding === 'gzip' || codings.length > 0,
    isDelta: encoding === 'delta',
    wrapper: isWrapper(outermost) ? outermost : undefined,
  };
}

const none: readonly string[] = [];

/** `gzip, x-gzip` and the like, in lower case and by one name each; the outermost is the last. */
function codingsOf(header: string | undefined): readonly string[] {
  if (header === undefined) return none;
  const codings = header.split(',').map((coding) => coding.trim().toLowerCase().replace(/^x-/, ''));
  return codings.filter((coding) => coding !== '' && coding !== 'identity');
}

/** The values of the parameter `encoding`; empty where a proxy took the value away. */
const encodings: ReadonlySet<string> = new Set(['gzip', 'delta', 'identity', '']);

/** The first encoding, of the header or of the parameter `encoding`, that is not understood. */
export function strangeEncoding(header: string | undefined, parameter: string | undefined): string | undefined {
  const codings = codingsOf(header);
  const strange = codings.find((coding, at) => coding !== 'gzip' && !(isWrapper(coding) && at === codings.length - 1));
  return strange ?? (parameter === undefined || encodings.has(parameter) ? undefined : parameter);
}
