import { stringify } from '../browser/builtins.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import type { Moments } from '../plugin.js';
import { deliverBatches } from '../send/delivery.js';

/** What the server says of a body that arrived spoilt, `unreadable`, or of an address: `missing_key`, `wrong_key`. */
const spoilt = /"(unreadable|\w+_key)"/;

/**
 * Sends batches as plain text where a proxy handles bodies as text or strips the query of an address. The first line of
 * such a body, the envelope, says what the query says. This lasts for the session: the visitor's next network may be
 * another. Anybody may have given such an answer; it changes how batches travel, and nothing else.
 */
export const plainText: TrackerModule<void> = (context: TrackerContext) => {
  const { _options: options, _store: store } = context;
  deliverBatches(context);
  let sending: Moments['sending'];
  context.on('sending', (about) => {
    sending = about;
  });
  context._envelope = () =>
    store._get('p') || options.compress === 'off'
      ? `{"key":${stringify(options.key)},"batch":"${sending.batch.id}","sent_at":${sending.sent_at}}\n`
      : '';
  context._adapt = ({ text }) => {
    const isNew = !store._get('p') && spoilt.test(text!);
    // The identity removes it when a session begins.
    if (isNew) store._set('p', '1');
    return isNew;
  };
};
