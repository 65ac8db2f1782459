import type { LiveStep, PublishedFeed } from '@millrace/demo-store/live-feed';
import type { IngestObserver } from '@millrace/ingest-server';
import { quarantinePage } from '@millrace/sdk/schema';
import { beginning, detailsOf, identityOf, lineOf, readable, refusedIdentity } from './live-rows.js';

/** Reports what the ingest server has taken: every event, also one that it refused or had before. */
export function liveIngest(feed: PublishedFeed): IngestObserver {
  return {
    accepted(events) {
      if (!feed.hasListeners()) return;
      const at = Date.now();
      for (const event of events) {
        const identity = identityOf(event);
        if (identity === undefined) continue;
        const step = detailsOf(event, identity) as LiveStep;
        step.step = 'received';
        step.at = at;
        step.line = () => lineOf(event, identity);
        feed.publish(step);
      }
    },
    rejected(events) {
      if (!feed.hasListeners()) return;
      const at = Date.now();
      for (const { event_id, visitor_id, code, path, message, raw, isKept } of events) {
        feed.publish({
          step: 'received',
          at,
          kind: isKept ? 'refused' : 'unkept',
          identity: refusedIdentity(event_id),
          event_id,
          page: quarantinePage,
          event: `_${code}`,
          ...(visitor_id === undefined ? {} : { visitor_id }),
          code,
          path,
          reason: message,
          raw: beginning(raw),
          line: () => readable(raw),
        });
      }
    },
    repeated: (events) =>
      feed.publish({ step: 'received', at: Date.now(), kind: 'repeated', events, page: '', event: '' }),
  };
}
