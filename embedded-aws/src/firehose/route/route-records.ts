import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import { type Meter, unmetered } from '../meter.js';
import type { DeliveryObserver, RecordOrigin } from '../observer.js';
import type { SourceRecord } from '../ports.js';
import type { Buffers, OpenBuffer } from '../write/buffers.js';
import { createConverter } from './convert-record.js';
import { conversionErrorLine, errorLine, type Failure, tooManyPartitions } from './failure.js';
import { isFailure, type Piece } from './sub-record.js';
import { createTargets, type DeliveryTarget } from './targets.js';

/** The options of `createRouter`. */
export interface RouterOptions {
  configuration: DeliveryConfiguration;
  buffers: Buffers<DeliveryTarget>;
  deliveryStream: string;
  observer?: DeliveryObserver | undefined;
  meter?: Meter;
  /** Divides the interval of the backup. */
  timeScale?: number;
}

/** Takes records of one shard, in order, into the buffers, and moves the shard's position past each. */
export type Router = (
  shardId: string,
  records: readonly SourceRecord[],
  /** Of each record. */
  pieces: readonly (readonly Piece[])[],
  nowMs: number,
) => void;

/** Converts, and appends to the buffers. An error of one record becomes an error record. */
export function createRouter({
  configuration,
  buffers,
  deliveryStream,
  observer,
  meter = unmetered,
  timeScale = 1,
}: RouterOptions): Router {
  const targets = createTargets(configuration, timeScale);
  const convert = configuration.conversion && createConverter(configuration.conversion);
  const lineOf = errorLines(configuration, meter);
  const { delimiter } = configuration;
  const delimiterByte = delimiter?.length === 1 ? delimiter[0] : undefined;

  function fail(shardId: string, record: SourceRecord, piece: Piece, failure: Failure, nowMs: number): void {
    const { arrivalMs, sequenceNumber } = record;
    const target = targets.failures(failure.errorType, arrivalMs);
    const line = lineOf(failure, record, piece, nowMs);
    // A partition over the quota now may fit after a restart.
    if (failure !== tooManyPartitions && buffers.isDelivered(shardId, target.key, sequenceNumber)) return;
    buffers.append({ shardId, target, sequenceNumber, arrivalMs, nowMs })!.content.append(line, 0, line.length);
  }

  function backUp(shardId: string, { data, arrivalMs, sequenceNumber }: SourceRecord, nowMs: number): void {
    const target = targets.backup(arrivalMs);
    if (!target || buffers.isDelivered(shardId, target.key, sequenceNumber)) return;
    buffers.append({ shardId, target, sequenceNumber, arrivalMs, nowMs })!.content.append(data, 0, data.length);
  }

  /** Of the rows that come; one for many, because there are many. */
  let origin: RecordOrigin | undefined;
  function watch(buffer: OpenBuffer<DeliveryTarget>, shardId: string, value: unknown, nowMs: number): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    try {
      if (!observer!.wanted()) return;
      if (origin?.shardId !== shardId || origin.at !== nowMs) origin = { deliveryStream, shardId, at: nowMs };
      const note = observer!.read(value as Record<string, unknown>, origin);
      if (note !== undefined) buffer.notes.push(note);
    } catch {
      // An observer that fails must not stop delivery.
    }
  }

  /** Into its partition's buffer; the failure of a piece that cannot go there. */
  function append(shardId: string, record: SourceRecord, piece: Piece, nowMs: number): Failure | undefined {
    const { arrivalMs, sequenceNumber } = record;
    if (isFailure(piece.result)) return piece.result;
    const target = targets.partition(piece.result, arrivalMs);
    if ('errorCode' in target) return target;
    if (buffers.isDelivered(shardId, target.key, sequenceNumber)) return undefined;
    const row = convert?.(piece.value);
    if (row && 'errorCode' in row) return row;
    const buffer = buffers.append({ shardId, target, sequenceNumber, arrivalMs, nowMs });
    if (!buffer) return tooManyPartitions;
    if (row) {
      buffer.content.append(row, 0, row.length);
      meter('SucceedConversion.Records', 1);
      meter('SucceedConversion.Bytes', piece.end - piece.start);
    } else buffer.content.append(piece.data, piece.start, piece.end);
    if (delimiterByte !== undefined) buffer.content.appendByte(delimiterByte);
    else if (delimiter) buffer.content.append(delimiter, 0, delimiter.length);
    if (observer) watch(buffer, shardId, piece.value, nowMs);
    return undefined;
  }

  return (shardId, records, pieces, nowMs) => {
    let exceeded = false;
    for (const [index, record] of records.entries()) {
      const { arrivalMs, sequenceNumber } = record;
      backUp(shardId, record, nowMs);
      for (const piece of pieces[index]!) {
        const failure = append(shardId, record, piece, nowMs);
        if (failure === tooManyPartitions) exceeded = true;
        if (failure) fail(shardId, record, piece, failure, nowMs);
      }
      buffers.advance(shardId, { sequenceNumber, arrivalMs });
    }
    if (configuration.dynamicPartitioning) {
      meter('PartitionCount', buffers.activePartitions());
      meter('PartitionCountExceeded', exceeded ? 1 : 0);
    }
  };
}

function errorLines({ conversion, deaggregateKpl }: DeliveryConfiguration, meter: Meter) {
  return (
    failure: Failure,
    { arrivalMs, sequenceNumber }: SourceRecord,
    { data, start, end }: Piece,
    nowMs: number,
  ): Buffer => {
    const rawData = data.subarray(start, end);
    if (failure.errorType !== 'format-conversion-failed') return errorLine(failure, rawData, arrivalMs, nowMs);
    meter('FailedConversion.Records', 1);
    meter('FailedConversion.Bytes', rawData.length);
    // A record that was put has no sequence number of a stream.
    const origin = { sequenceNumber: deaggregateKpl ? sequenceNumber : null, table: conversion!.schema.table };
    return conversionErrorLine(failure, rawData, origin, arrivalMs, nowMs);
  };
}
