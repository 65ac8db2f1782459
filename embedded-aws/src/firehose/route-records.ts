import type { Buffers, OpenBuffer } from './buffers.js';
import { conversionErrorLine, errorLine, extractionFailed, type Failure, tooManyPartitions } from './failure.js';
import { type Meter, unmetered } from './meter.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryPlan } from './plan.js';
import { evaluatePrefix, maxEvaluatedPrefix } from './prefix.js';
import { deaggregate, extractKeys, isFailure, type Part, type Piece, type SourceRecord } from './process-records.js';

/** What one object is made for: a partition, or the failures of one kind. */
export interface DeliveryTarget {
  readonly key: string;
  readonly counts: boolean;
  /** The values of the plan's `keyNames`. */
  readonly values: readonly string[];
  /** Set for failures. */
  readonly errorType?: Failure['errorType'];
  /** Set for records as they came. */
  readonly backup?: true;
}

export type DeliveryBuffer = OpenBuffer<DeliveryTarget>;

/** As long as the random text will be, so that the length of the evaluated prefix is right before it is known. */
const randomPlaceholder = () => '*'.repeat(11);

/** Clients and servers resolve such parts of a URL's path, or refuse them. */
const climbs = /(^|\/)\.\.?(\/|$)/;

/** Takes records of one shard, in order, into the buffers, and moves the shard's position past each. */
export function createRouter({
  plan,
  buffers,
  deliveryStream,
  observer,
  meter = unmetered,
  timeScale = 1,
}: {
  plan: DeliveryPlan;
  buffers: Buffers<DeliveryTarget>;
  deliveryStream: string;
  observer?: DeliveryObserver | undefined;
  meter?: Meter;
  /** Divides the backup's interval. */
  timeScale?: number;
}): (shardId: string, records: readonly SourceRecord[], nowMs: number, parts?: Part[][]) => void {
  const indexes = {
    query: new Map(plan.keyNames.map((name, index) => [name, index])),
    lambda: new Map(plan.lambdaKeyNames.map((name, index) => [name, plan.keyNames.length + index])),
  };
  const { delimiter } = plan;
  const delimiterByte = delimiter?.length === 1 ? delimiter[0] : undefined;

  function partitionOf(values: string[], arrivalMs: number): DeliveryTarget | Failure {
    if (!plan.dynamicPartitioning) return { key: '', counts: false, values };
    const key = evaluatePrefix(plan.prefix, {
      key: (name, from) => values[indexes[from].get(name)!]!,
      arrivalMs,
      random: randomPlaceholder,
    });
    // In bytes, so that the whole key stays below the 1,024 that S3 takes: an object that S3 never takes would hold its shard's position.
    if (key.length * 3 > maxEvaluatedPrefix && Buffer.byteLength(key) > maxEvaluatedPrefix)
      return extractionFailed(`Length of evaluated prefix cannot be greater than ${maxEvaluatedPrefix}`);
    if (climbs.test(key)) return extractionFailed('partitionKeys values must not make . or .. a part of the path');
    return { key, counts: true, values };
  }

  const origin = (sequenceNumber: string) => ({
    sequenceNumber: plan.deaggregateKpl ? sequenceNumber : null,
    table: plan.conversion!.schema.table,
  });

  function fail(
    shardId: string,
    record: SourceRecord,
    { data, start, end }: Piece,
    failure: Failure,
    nowMs: number,
  ): void {
    const { errorType } = failure;
    const { arrivalMs, sequenceNumber } = record;
    const evaluated = evaluatePrefix(plan.errorPrefix, {
      key: () => '',
      arrivalMs,
      errorType,
      random: randomPlaceholder,
    });
    // The zero byte keeps it apart from every partition, should one prefix evaluate to the other.
    const target = { key: `\0${errorType}\0${evaluated}`, counts: false, values: [], errorType };
    const rawData = data.subarray(start, end);
    if (errorType === 'format-conversion-failed') {
      meter('FailedConversion.Records', 1);
      meter('FailedConversion.Bytes', rawData.length);
    }
    const line =
      errorType === 'format-conversion-failed'
        ? conversionErrorLine(failure, rawData, origin(sequenceNumber), arrivalMs, nowMs)
        : errorLine(failure, rawData, arrivalMs, nowMs);
    // What is over the quota now may not be so after a restart.
    if (failure !== tooManyPartitions && buffers.isDelivered(shardId, target.key, sequenceNumber)) return;
    buffers.append({ shardId, target, sequenceNumber, arrivalMs, nowMs })!.content.append(line, 0, line.length);
  }

  function backUp(shardId: string, { data, arrivalMs, sequenceNumber }: SourceRecord, nowMs: number): void {
    if (!plan.backup) return;
    const { sizeBytes, intervalMs } = plan.backup;
    const evaluated = evaluatePrefix(plan.backup.prefix, { key: () => '', arrivalMs, random: randomPlaceholder });
    const due = { sizeBytes, intervalMs: intervalMs / timeScale };
    const target = { key: `\0backup\0${evaluated}`, counts: false, values: [], backup: true as const, due };
    if (buffers.isDelivered(shardId, target.key, sequenceNumber)) return;
    buffers.append({ shardId, target, sequenceNumber, arrivalMs, nowMs })!.content.append(data, 0, data.length);
  }

  function watch(buffer: DeliveryBuffer, shardId: string, value: unknown, nowMs: number): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    try {
      if (!observer!.wanted()) return;
      const note = observer!.read(value as Record<string, unknown>, { deliveryStream, shardId, at: nowMs });
      if (note !== undefined) buffer.notes.push(note);
    } catch {
      // A view that fails has no say in delivery.
    }
  }

  /** What is not foreseen about one record must not hold up those behind it: it too ends as an error record. */
  function piecesOf(records: readonly SourceRecord[], parts?: Part[][]): Piece[][] {
    try {
      return extractKeys(plan, parts ?? deaggregate(plan, records), meter);
    } catch (error) {
      if (records.length > 1) return records.flatMap((record, index) => piecesOf([record], parts && [parts[index]!]));
      const { data } = records[0]!;
      return [[{ data, start: 0, end: data.length, result: extractionFailed(String(error)) }]];
    }
  }

  return (shardId, records, nowMs, parts) => {
    let exceeded = false;
    for (const [index, pieces] of piecesOf(records, parts).entries()) {
      const record = records[index]!;
      const { arrivalMs, sequenceNumber } = record;
      backUp(shardId, record, nowMs);
      for (const piece of pieces) {
        const target = isFailure(piece.result) ? piece.result : partitionOf(piece.result, arrivalMs);
        if ('errorCode' in target) {
          fail(shardId, record, piece, target, nowMs);
          continue;
        }
        if (buffers.isDelivered(shardId, target.key, sequenceNumber)) continue;
        const row = plan.conversion?.convert(piece.value);
        if (row && 'errorCode' in row) {
          fail(shardId, record, piece, row, nowMs);
          continue;
        }
        const buffer = buffers.append({ shardId, target, sequenceNumber, arrivalMs, nowMs });
        if (!buffer) {
          exceeded = true;
          fail(shardId, record, piece, tooManyPartitions, nowMs);
          continue;
        }
        if (row) {
          buffer.content.append(row, 0, row.length);
          meter('SucceedConversion.Records', 1);
          meter('SucceedConversion.Bytes', piece.end - piece.start);
        } else buffer.content.append(piece.data, piece.start, piece.end);
        if (delimiterByte !== undefined) buffer.content.appendByte(delimiterByte);
        else if (delimiter) buffer.content.append(delimiter, 0, delimiter.length);
        if (observer) watch(buffer, shardId, piece.value, nowMs);
      }
      buffers.advance(shardId, { sequenceNumber, arrivalMs });
    }
    if (plan.dynamicPartitioning) {
      meter('PartitionCount', buffers.activePartitions());
      meter('PartitionCountExceeded', exceeded ? 1 : 0);
    }
  };
}
