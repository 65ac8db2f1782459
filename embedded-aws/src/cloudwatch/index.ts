import { createJsonService } from '../json-service/json-service.js';
import type { AwsService } from '../service.js';
import { answerCbor, isCborCall } from './cbor-protocol.js';
import { mapDates } from './dates.js';
import type { MetricStore } from './metric-store.js';
import { cloudWatchOperations } from './operations.js';
import { answerQuery, isQueryCall } from './query-protocol.js';

const maxBodyBytes = 1024 * 1024;

/**
 * As much of CloudWatch as reading the metrics takes. JSON is told by its header; today's SDKs speak CBOR, older ones
 * send a form.
 */
export function openCloudWatch(store: MetricStore): AwsService {
  const run = cloudWatchOperations(store);
  const json = createJsonService({
    name: 'CloudWatch',
    target: 'GraniteServiceVersion20100801',
    maxBodyBytes,
    run: (operation, body) => mapDates(run(operation, body), (date) => date.getTime() / 1000) as object,
  });
  return {
    ...json,
    accepts: (request) => isCborCall(request) || isQueryCall(request),
    handle(request, response) {
      if (isCborCall(request)) return answerCbor(run, maxBodyBytes, request, response);
      if (request.headers['x-amz-target'] !== undefined) return json.handle(request, response);
      return answerQuery(run, maxBodyBytes, request, response);
    },
    async close() {},
  };
}
