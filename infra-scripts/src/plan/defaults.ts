import { defaultCatalogue, eventErrors } from '@millrace/sdk/schema';
import { definePipeline } from '../pipeline/definition.js';
import { makePlan, type Plan } from './plan.js';
import { possiblePartitions, type Sizing, type Workload } from './workload.js';

/** A traffic whose peak is not known is taken to have one of twice its mean. */
export const peakFactor = 2;
/** A click of the walkthrough as JSON. */
export const typicalEventBytes = 600;

const laneName = 'lane-0000';

/** The sizing of the pipeline as it is defined, with the template's own defaults; `balanced` false is the trial's one small server. */
export function defaultSizing(balanced = true): Sizing {
  const { settings } = definePipeline();
  return {
    region: 'us-east-1',
    ...(balanced ? { instanceType: 'c6i.large' } : { instanceType: 't3.micro', servers: 1 }),
    balanced,
    lingerMs: 50,
    partitionKeyBytes: laneName.length,
    bufferSizeMiB: settings.bufferSizeMiB,
    bufferIntervalSeconds: settings.bufferIntervalSeconds,
    // Measured on generated events; a site's own urls and properties may give less.
    compressionRatio: settings.compression === 'GZIP' ? 8 : 1,
    retentionHours: 24,
    spoolBytes: (balanced ? 8 : 1) * 2 ** 30,
  };
}

export interface Traffic {
  eventsPerSecond: number;
  peakEventsPerSecond?: number | undefined;
  eventBytes?: number | undefined;
  /** Declared names; `cart` and `page_view`, which every catalogue has, included. */
  pages?: number | undefined;
  events?: number | undefined;
  datePartition?: boolean | undefined;
}

export function workloadOf(traffic: Traffic): Workload {
  const pages = traffic.pages ?? defaultCatalogue.pages.length;
  const events = traffic.events ?? defaultCatalogue.events.length;
  // Over midnight the partitions of two days are active.
  const days = traffic.datePartition ? 2 : 1;
  return {
    eventsPerSecond: traffic.eventsPerSecond,
    peakEventsPerSecond: traffic.peakEventsPerSecond ?? traffic.eventsPerSecond * peakFactor,
    eventBytes: traffic.eventBytes ?? typicalEventBytes,
    filledPartitions: pages * events,
    possiblePartitions: days * possiblePartitions(pages, events, Object.keys(eventErrors).length),
  };
}

/** The sizes that the documentation tells of. */
export const documentedSizes = [1_000, 50_000, 1_000_000] as const;

export const documentedPlans = (): Plan[] =>
  documentedSizes.map((eventsPerSecond) => makePlan(workloadOf({ eventsPerSecond }), defaultSizing()));
