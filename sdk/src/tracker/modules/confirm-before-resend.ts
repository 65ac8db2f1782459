import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import { isOurs } from '../send/is-ours.js';
import { isTransient } from '../send/transport.js';

/**
 * A batch whose answer nobody saw, such as that of a page that was left, has mostly arrived. Before the tracker sends
 * it again, it asks the server by an empty request whether it has the batch. That saves most duplicates, and in an
 * outage the tries are empty.
 */
export const confirmBeforeResend: TrackerModule<void> = (context: TrackerContext) => {
  context._confirm = async (batch, url, keepalive, signal) => {
    const answer = await context._post(url, '', keepalive, signal);
    return isTransient(answer) || !isOurs(answer, batch) || /"known": ?true/.test(answer.text!) ? answer : undefined;
  };
};
