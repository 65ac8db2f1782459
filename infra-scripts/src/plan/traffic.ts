import { defaultCatalogue, eventErrors } from '@millrace/sdk/schema';
import { typicalEventBytes } from './default-sizing.js';
import { browsersEventsPerRequest, possiblePartitions, type Workload } from './workload.js';

/** A traffic whose peak is not known is taken to have one of twice its mean. */
const peakFactor = 2;
/** What is known of the traffic to plan for. */
export interface Traffic {
  eventsPerSecond: number;
  peakEventsPerSecond?: number | undefined;
  eventBytes?: number | undefined;
  eventsPerRequest?: number | undefined;
  /** Declared names; `cart` and `page_view`, which every catalogue has, included. */
  pages?: number | undefined;
  events?: number | undefined;
  datePartition?: boolean | undefined;
}

/** The workload of a traffic, with this project's defaults where it says nothing. */
export function workloadOf(traffic: Traffic): Workload {
  const pages = traffic.pages ?? defaultCatalogue.pages.length;
  const events = traffic.events ?? defaultCatalogue.events.length;
  // Over midnight the partitions of two days are active.
  const days = traffic.datePartition ? 2 : 1;
  return {
    eventsPerSecond: traffic.eventsPerSecond,
    peakEventsPerSecond: traffic.peakEventsPerSecond ?? traffic.eventsPerSecond * peakFactor,
    eventBytes: traffic.eventBytes ?? typicalEventBytes,
    eventsPerRequest: traffic.eventsPerRequest ?? browsersEventsPerRequest,
    filledPartitions: pages * events,
    possiblePartitions: days * possiblePartitions(pages, events, Object.keys(eventErrors).length),
  };
}
