import type { AddressInfo } from 'node:net';
import type { StoreOptions } from './options.js';
import { buildStore } from './store.js';

/** A store that listens. */
export interface RunningStore {
  /** Its address for people: `http://localhost:3000`. */
  url: string;
  port: number;
  close(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/**
 * Starts the store. `port` 0 takes a free one; `host` is 127.0.0.1 when left out.
 * @throws Error with the system's `code` (`EADDRINUSE`, `EACCES`) when it cannot listen; the message has host and port
 */
export async function startStore(options: StoreOptions & { port: number; host?: string }): Promise<RunningStore> {
  const { port: wanted, host = '127.0.0.1', ...storeOptions } = options;
  const app = await buildStore(storeOptions);
  try {
    await app.listen({ port: wanted, host });
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'the port is taken' : (error as Error).message;
    throw Object.assign(new Error(`the store cannot listen on ${host}:${wanted}: ${why}`, { cause: error }), { code });
  }
  const { port } = app.server.address() as AddressInfo;
  const named = loopback.has(host) || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return {
    url: `http://${named.includes(':') ? `[${named}]` : named}:${port}`,
    port,
    close: () => app.close(),
  };
}
