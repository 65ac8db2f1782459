import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { startCollector as startAnyCollector } from '@millrace/testing/collector';

/** The tracker that ships, as Rollup made it. */
export function realTracker(): string {
  return readFileSync(createRequire(import.meta.url).resolve('@millrace/sdk/millrace.js'), 'utf8');
}

/** The kit's collector with the tracker at /millrace.js. */
export async function startCollector(script: string) {
  const collector = await startAnyCollector({ '/millrace.js': script });
  return {
    url: collector.origin,
    refused: collector.refused,
    /** The events so far in the order in which the visitor made them, without the page views unless asked for. */
    events: (withViews = false) =>
      collector
        .kept()
        .filter(({ event }) => withViews || event !== 'page_view')
        .sort((a, b) => Date.parse(a.event_time) - Date.parse(b.event_time) || a.seq - b.seq),
    close: () => collector.close(),
  };
}

export type Collector = Awaited<ReturnType<typeof startCollector>>;
