import { AwsError } from '../../json-service/aws-error.js';
import type { CreateRequest } from './request-model.js';

/**
 * Server-side encryption of what was put and is not delivered yet. The answers are Data Firehose's; nothing is
 * encrypted on this machine's disk.
 */
export interface Encryption {
  keyType?: 'AWS_OWNED_CMK' | 'CUSTOMER_MANAGED_CMK' | undefined;
  keyArn?: string | undefined;
  on: boolean;
  /** When it was turned on or off, in milliseconds since 1970. */
  sinceMs: number;
}

type Input = NonNullable<CreateRequest['DeliveryStreamEncryptionConfigurationInput']>;

/** ENABLING and DISABLING last this long. */
const changingMs = 250;

/** @throws AwsError InvalidArgumentException */
export function encryptionOf({ KeyType, KeyARN }: Input = { KeyType: 'AWS_OWNED_CMK' }, nowMs: number): Encryption {
  if ((KeyType === 'CUSTOMER_MANAGED_CMK') !== (KeyARN !== undefined))
    throw new AwsError(
      'InvalidArgumentException',
      'KeyARN is required when KeyType is CUSTOMER_MANAGED_CMK, and only then.', // ours
    );
  return { keyType: KeyType, keyArn: KeyARN, on: true, sinceMs: nowMs };
}

function encryptionStatus(encryption: Encryption | undefined, nowMs: number) {
  if (!encryption) return 'DISABLED';
  const isChanging = nowMs >= encryption.sinceMs && nowMs - encryption.sinceMs < changingMs;
  if (encryption.on) return isChanging ? 'ENABLING' : 'ENABLED';
  return isChanging ? 'DISABLING' : 'DISABLED';
}

/** @throws AwsError for a delivery stream that has a source of its own */
export function requireDirectPut({ name, source }: { name: string; source?: unknown }): void {
  if (source)
    throw new AwsError(
      'InvalidArgumentException',
      `Server-side encryption is for DirectPut delivery streams only, and ${name} reads a Kinesis stream, which has its own.`, // ours
    );
}

/** `DeliveryStreamEncryptionConfiguration` of a description. */
export function describeEncryption(encryption: Encryption | undefined, nowMs: number) {
  const Status = encryptionStatus(encryption, nowMs);
  if (!encryption?.on) return { Status };
  return {
    Status,
    KeyType: encryption.keyType,
    ...(encryption.keyArn === undefined ? {} : { KeyARN: encryption.keyArn }),
  };
}
