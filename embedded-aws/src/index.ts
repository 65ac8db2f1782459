export { bucketFolder } from './bucket-folder.js';
export {
  type EmbeddedAws,
  type EmbeddedAwsOptions,
  startEmbeddedAws,
} from './embedded.js';
export type { DeliveredObject, DeliveryObserver, RecordOrigin } from './firehose/index.js';
export { type Catalogue, openCatalogue } from './glue/catalogue.js';
export type { TableInput } from './glue/table.js';
export type { Log } from './service.js';
