import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import type { DeliveryTarget } from '../route/targets.js';
import type { OpenBuffer } from './buffers.js';
import { compressions } from './compression/index.js';
import { toParquet } from './to-parquet.js';
import { refusesRows, unconverted } from './unconverted.js';

/** The bytes of an object. */
export interface ObjectBody {
  body: Buffer;
  contentEncoding?: string;
  /** The rows could not become Parquet after all: the body holds error lines instead. */
  failed?: 'format-conversion-failed';
}

/**
 * A buffer's content as the body of an object.
 * @param key that the object will have
 * @throws Error when it cannot be made now
 */
export async function objectBody(
  { target: { errorType, backup }, content, oldestArrivalMs }: OpenBuffer<DeliveryTarget>,
  configuration: DeliveryConfiguration,
  key: string,
  nowMs: number,
): Promise<ObjectBody> {
  const blocks = content.blocks();
  const { conversion } = configuration;
  if (conversion && !errorType && !backup) {
    try {
      return { body: await toParquet(blocks, conversion) };
    } catch (error) {
      if (!refusesRows(error))
        throw new Error(`Parquet could not be made: ${(error as Error).message}`, { cause: error });
      const body = unconverted(blocks, error, conversion, oldestArrivalMs, nowMs);
      return { body, failed: 'format-conversion-failed' };
    }
  }
  const format = errorType ? 'UNCOMPRESSED' : (backup ? configuration.backup! : configuration).compression;
  const { compress, contentEncoding } = compressions[format];
  const body = await compress(blocks, key, nowMs);
  return contentEncoding ? { body, contentEncoding } : { body };
}
