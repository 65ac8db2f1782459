import { usageError } from '@millrace/kit/millrace-error';
import { defaultSizing } from '../../plan/default-sizing.js';
import { makePlan } from '../../plan/plan.js';
import type { InstanceType } from '../../plan/prices.js';
import { workloadOf } from '../../plan/traffic.js';
import type { Sizing, Spread } from '../../plan/workload.js';
import { nextText } from '../text/plan-next.js';
import { planText } from '../text/plan-text.js';

/** The options of `millrace plan`. */
export interface PlanOptions {
  eventsPerSecond: number;
  peak?: number;
  eventBytes: number;
  pages?: number;
  events?: number;
  datePartition?: true;
  eventsPerRequest?: number;
  eventsPerRecord?: number;
  spread?: Spread;
  servers?: number;
  instanceType?: InstanceType;
  trial?: true;
  lingerMs: number;
  bufferSize: number;
  bufferSeconds: number;
  compressionRatio: number;
  retentionHours: number;
  spoolGib?: number;
  json?: true;
}

/** Prints what a pipeline for the given traffic takes and costs a month. */
export async function plan(options: PlanOptions): Promise<void> {
  try {
    const made = await makePlan(workloadOf({ ...options, peakEventsPerSecond: options.peak }), sizingOf(options));
    console.log(options.json ? JSON.stringify(made, undefined, 2) : `${planText(made)}\n\n${nextText(made)}`);
  } catch (error) {
    if (error instanceof RangeError) throw usageError(error.message);
    throw error;
  }
}

function sizingOf(options: PlanOptions): Sizing {
  const standard = defaultSizing(!options.trial);
  return {
    ...standard,
    servers: options.servers ?? standard.servers,
    instanceType: options.instanceType ?? standard.instanceType,
    spread: options.spread,
    lingerMs: options.lingerMs,
    eventsPerRecord: options.eventsPerRecord,
    bufferSizeMiB: options.bufferSize,
    bufferIntervalSeconds: options.bufferSeconds,
    compressionRatio: options.compressionRatio,
    retentionHours: options.retentionHours,
    spoolBytes: options.spoolGib === undefined ? standard.spoolBytes : options.spoolGib * 2 ** 30,
  };
}
