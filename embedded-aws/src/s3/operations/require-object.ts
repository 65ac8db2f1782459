import { noSuchKey } from '../errors.js';
import type { OpenObject } from '../store/object-reader.js';

/** The opened object. @throws S3Error NoSuchKey */
export async function requireObject(opening: Promise<OpenObject | undefined>, key: string): Promise<OpenObject> {
  const open = await opening;
  if (!open) throw noSuchKey(key);
  return open;
}
