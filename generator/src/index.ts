export { atRecordedPace } from './at-recorded-pace.js';
export type { CarrySummary, Progress } from './carry.js';
export { createCollector } from './collector.js';
export { eventLine } from './event-line.js';
export { parseRecorded } from './recorded-event.js';
export { checkRecording, type RecordingCheck, recordedEvents, withoutRepetitions } from './recording.js';
export { createRenewal } from './renewal.js';
export { runTraffic } from './run-traffic.js';
export { type ShopperOptions, shoppers } from './shoppers.js';
export { type Log, type Sink, TrafficError } from './sink.js';
export {
  defaultConnections,
  feeding,
  liveShoppers,
  type SendOptions,
  sendAll,
  sessionsFor,
  startTraffic,
  type Traffic,
  type TrafficOptions,
  take,
} from './traffic.js';
export { withPauses } from './with-pauses.js';
