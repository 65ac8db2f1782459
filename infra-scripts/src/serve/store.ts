import { type LiveFeed, startStore } from '@millrace/demo-store';
import { onPort } from './ports.js';
import { announced, refuseSecond, type Started } from './started.js';

export interface ServeStoreOptions {
  state: string;
  port: number;
  portOption: string;
  /** Where pages load the tracker from and send events to. */
  ingestUrl: string;
  feed?: LiveFeed;
}

/** The demo store, with the tracker's script tag as a customer would paste it. */
export async function serveStore(options: ServeStoreOptions): Promise<Started> {
  refuseSecond(options.state, 'store');
  const { port, feed } = options;
  const start = () =>
    startStore({ port, collectorUrl: options.ingestUrl, writeKey: 'demo', ...(feed ? { feed } : {}) });
  const store = await onPort(port, 'the demo store', options.portOption, start);
  return announced(options.state, 'store', store);
}
