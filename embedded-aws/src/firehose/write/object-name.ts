import { uuidV7 } from '@millrace/kit/uuid';
import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import { evaluatePrefix, randomString } from '../config/prefix.js';
import type { DeliveryTarget } from '../route/targets.js';
import type { OpenBuffer } from './buffers.js';
import { compressions } from './compression/index.js';

/**
 * `<prefix><stream>-<version>-<yyyy-MM-dd-HH-mm-ss>-<uuid><extension>`. The time is that of the buffer's opening and
 * the UUID begins with the time of delivery, so that a partition's objects sort in the order in which they were made.
 * Error objects have no extension.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
export function objectKey(
  { target, openedMs, oldestArrivalMs }: OpenBuffer<DeliveryTarget>,
  configuration: DeliveryConfiguration,
  deliveryStream: string,
  version: number,
  nowMs: number,
): string {
  const { errorType, values, backup } = target;
  const expression = errorType
    ? configuration.errorPrefix
    : backup
      ? configuration.backup!.prefix
      : configuration.prefix;
  const extension = errorType ? '' : extensionOf(configuration, backup);
  const prefix = evaluatePrefix(expression, {
    key: (name, from) =>
      values[
        from === 'query'
          ? configuration.keyNames.indexOf(name)
          : configuration.keyNames.length + configuration.lambdaKeyNames.indexOf(name)
      ]!,
    arrivalMs: oldestArrivalMs,
    ...(errorType ? { errorType } : {}),
    random: randomString,
  });
  const opened = new Date(openedMs).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  return `${prefix}${deliveryStream}-${version}-${opened}-${uuidV7(nowMs)}${extension}`;
}

function extensionOf(
  { backup, fileExtension, conversion, compression }: DeliveryConfiguration,
  isBackup = false,
): string {
  if (isBackup) return compressions[backup!.compression].extension;
  return fileExtension ?? (conversion ? '.parquet' : compressions[compression].extension);
}
