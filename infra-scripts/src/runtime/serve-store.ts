import { type LiveFeed, startStore } from '@millrace/demo-store';
import { answeredHosts } from './answered-hosts.js';
import { startListening } from './listen.js';
import { announced, refuseSecond, type StartedServer } from './started-server.js';

/** How to run the demo store. */
export interface ServeStoreOptions {
  state: string;
  port: number;
  portOption: string;
  /** Where pages load the tracker from and send events to. */
  ingestUrl: string;
  feed?: LiveFeed;
}

/** The demo store, with the tracker's script tag as a customer would paste it. */
export async function serveStore(options: ServeStoreOptions): Promise<StartedServer> {
  refuseSecond(options.state, 'store');
  const { port, ingestUrl, feed } = options;
  const store = await startListening({ port, use: 'the demo store', option: options.portOption }, () =>
    startStore({ port, collectorUrl: ingestUrl, writeKey: 'demo', hosts: answeredHosts(), ...(feed ? { feed } : {}) }),
  );
  return announced(options.state, 'store', store);
}
