import { randomBytes } from 'node:crypto';
import type { DeliveryPlan } from './plan.js';
import { evaluatePrefix, randomString } from './prefix.js';
import type { DeliveryBuffer } from './route-records.js';

/**
 * `<prefix><stream>-<version>-<yyyy-MM-dd-HH-mm-ss>-<uuid><extension>`. The time is that of the buffer's opening and the UUID begins
 * with the time of delivery, so that a partition's objects sort in the order in which they were made. Error objects have no extension.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
export function objectKey(
  { target, openedMs, oldestArrivalMs }: DeliveryBuffer,
  plan: DeliveryPlan,
  deliveryStream: string,
  version: number,
  nowMs: number,
): string {
  const { errorType, values, backup } = target;
  const expression = errorType ? plan.errorPrefix : backup ? plan.backup!.prefix : plan.prefix;
  const extension = errorType ? '' : backup ? plan.backup!.compression.extension : plan.fileExtension;
  const prefix = evaluatePrefix(expression, {
    key: (name, from) =>
      values[
        from === 'query' ? plan.keyNames.indexOf(name) : plan.keyNames.length + plan.lambdaKeyNames.indexOf(name)
      ]!,
    arrivalMs: oldestArrivalMs,
    ...(errorType ? { errorType } : {}),
    random: randomString,
  });
  const opened = new Date(openedMs).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  return `${prefix}${deliveryStream}-${version}-${opened}-${uuidv7(nowMs)}${extension}`;
}

/** RFC 9562, 5.7 */
function uuidv7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.floor(nowMs), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
