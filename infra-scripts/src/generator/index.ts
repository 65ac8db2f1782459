export type { CarrySummary, Progress } from './carry.js';
export { type ShopperOptions, shoppers } from './shoppers.js';
export { TrafficError } from './sink.js';
export {
  liveShoppers,
  type SendOptions,
  sendAll,
  sessionsFor,
  startTraffic,
  type Traffic,
  type TrafficOptions,
  take,
} from './traffic.js';
