import { gunzipSync } from 'node:zlib';
import { undelta } from '@millrace/sdk/schema';

/** What a request says, by its query or by the envelope in its body's first line, as the ingest server reads it. */
export interface RequestContent {
  key: string | undefined;
  batch: string | undefined;
  sentAt: string | undefined;
  /** JSON Lines, unpacked, without the envelope. */
  lines: string;
  /** Why the ingest server would refuse the request. */
  refusal?: { status: number; code: 'unreadable' | 'missing_key' };
}

const isZipped = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The text of a body, which may be gzip, twice at most, whatever was announced. Throws for what was gzip once. */
function unpacked(raw: Buffer, encoding: string | null): string {
  let bytes = raw;
  for (let round = 0; round < 2 && isZipped(bytes); round++) bytes = gunzipSync(bytes);
  const text = bytes.toString('utf8');
  if (bytes[0] === 0x1f || (bytes === raw && raw.length > 0 && encoding === 'gzip' && !/^\s*[{[]/.test(text))) {
    throw new Error('no gzip');
  }
  return encoding === 'delta' || text.startsWith('"') ? undelta(text, Infinity) : text;
}

function envelopeIn(line: string): Record<string, string | number> | undefined {
  try {
    const value = JSON.parse(line);
    const isEnvelope = 'key' in value && Object.keys(value).every((name) => ['key', 'batch', 'sent_at'].includes(name));
    return isEnvelope ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a request's body and query as the ingest server does. */
export function readContent(raw: Buffer, params: URLSearchParams): RequestContent {
  let text = '';
  let isReadable = true;
  try {
    text = unpacked(raw, params.get('encoding'));
  } catch {
    isReadable = false;
  }
  const [first = '', ...rest] = text.split('\n');
  const envelope = envelopeIn(first);
  const say = (name: string) => params.get(name) || envelope?.[name]?.toString();
  const [key, batch, sentAt] = [say('key'), say('batch'), say('sent_at')];
  const content = { key, batch, sentAt, lines: envelope ? rest.join('\n') : text };
  if (!key) return { ...content, refusal: { status: 401, code: 'missing_key' } };
  return isReadable ? content : { ...content, refusal: { status: 400, code: 'unreadable' } };
}
