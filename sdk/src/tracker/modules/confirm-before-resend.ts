import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import { deliverBatches } from '../send/delivery.js';

/**
 * A batch whose answer nobody saw, such as that of a page that was left, has mostly arrived. Before the tracker sends
 * it again, it asks the server by a request without events whether it has the batch. That saves most duplicates, and in
 * an outage the tries are empty.
 */
export const confirmBeforeResend: TrackerModule<void> = (context: TrackerContext) => {
  deliverBatches(context);
  context._confirm = async (url, envelope, keepalive, signal) => {
    const answer = await context._post(url, envelope, keepalive, signal);
    return /"known": ?false/.test(answer.text!) ? undefined : answer;
  };
};
