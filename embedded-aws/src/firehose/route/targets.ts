import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import { evaluatePrefix, maxEvaluatedPrefix } from '../config/prefix.js';
import { extractionFailed, type Failure } from './failure.js';

/** What one object is made for: a partition, the failures of one kind, or records as they came. */
export interface DeliveryTarget {
  /** Records of one key lie in one buffer. */
  readonly key: string;
  /** Whether it counts against the quota of active partitions. */
  readonly counts: boolean;
  /** The values of the configuration's `keyNames`, then those of its `lambdaKeyNames`. */
  readonly values: readonly string[];
  /** Set for failures. */
  readonly errorType?: Failure['errorType'];
  /** Set for records as they came. */
  readonly backup?: true;
  /** Limits of its own for the size in bytes and the age of its buffer. */
  readonly due?: { sizeBytes: number; intervalMs: number } | undefined;
}

/** Where records go. Arrival times in milliseconds since 1970. */
export interface Targets {
  partition(values: string[], arrivalMs: number): DeliveryTarget | Failure;
  failures(errorType: Failure['errorType'], arrivalMs: number): DeliveryTarget;
  /** Nothing where source records are not backed up. */
  backup(arrivalMs: number): DeliveryTarget | undefined;
}

/** As long as the random text will be, so that the length of the evaluated prefix is right before it is known. */
const randomPlaceholder = () => '*'.repeat(11);

/** How many targets are remembered: as many as there may be partitions, and some that were refused. */
const mostRemembered = 1_000;

/** Clients and servers resolve such parts of a URL's path, or refuse them. */
const climbs = /(^|\/)\.\.?(\/|$)/;

/** @param timeScale divides the interval of the backup */
export function createTargets(configuration: DeliveryConfiguration, timeScale: number): Targets {
  const { keyNames, lambdaKeyNames, prefix, errorPrefix, backup } = configuration;
  const indexes = {
    query: new Map(keyNames.map((name, index) => [name, index])),
    lambda: new Map(lambdaKeyNames.map((name, index) => [name, keyNames.length + index])),
  };
  const changesWithTime = prefix.some(({ kind }) => kind === 'timestamp');
  /** By their values: most records have those of one before. */
  const remembered = new Map<string, DeliveryTarget | Failure>();
  const backupDue = backup && { sizeBytes: backup.sizeBytes, intervalMs: backup.intervalMs / timeScale };

  function partition(values: string[], arrivalMs: number): DeliveryTarget | Failure {
    const key = evaluatePrefix(prefix, {
      key: (name, from) => values[indexes[from].get(name)!]!,
      arrivalMs,
      random: randomPlaceholder,
    });
    // In bytes, so that the whole key stays below the 1,024 that S3 takes: an object that S3 never takes would hold
    // its shard's position.
    if (key.length * 3 > maxEvaluatedPrefix && Buffer.byteLength(key) > maxEvaluatedPrefix)
      return extractionFailed(`Length of evaluated prefix cannot be greater than ${maxEvaluatedPrefix}`);
    if (climbs.test(key)) return extractionFailed('partitionKeys values must not make . or .. a part of the path');
    return { key, counts: true, values };
  }

  return {
    partition(values, arrivalMs) {
      if (!configuration.dynamicPartitioning) return { key: '', counts: false, values };
      if (changesWithTime) return partition(values, arrivalMs);
      const name = values.length === 1 ? values[0]! : JSON.stringify(values);
      let target = remembered.get(name);
      if (!target) {
        if (remembered.size === mostRemembered) remembered.clear();
        target = partition(values, arrivalMs);
        remembered.set(name, target);
      }
      return target;
    },
    failures(errorType, arrivalMs) {
      const values = { key: () => '', arrivalMs, errorType, random: randomPlaceholder };
      // The zero byte keeps it apart from every partition, should one prefix evaluate to the other.
      const key = `\0${errorType}\0${evaluatePrefix(errorPrefix, values)}`;
      return { key, counts: false, values: [], errorType };
    },
    backup(arrivalMs) {
      if (!backup) return undefined;
      const evaluated = evaluatePrefix(backup.prefix, { key: () => '', arrivalMs, random: randomPlaceholder });
      return { key: `\0backup\0${evaluated}`, counts: false, values: [], backup: true, due: backupDue };
    },
  };
}
