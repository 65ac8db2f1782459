import type { AddressInfo } from 'node:net';
import { MillraceError } from '@millrace/kit/millrace-error';
import { type AppOptions, buildApp } from './app.js';
import type { Config } from './config.js';

/** A server that listens. */
export interface RunningServer {
  /** http://host:port, with a host that this machine can reach. */
  url: string;
  port: number;
  /** Answers 503 at `/readyz` and closes kept connections with their next answer; serves everything until `close`. */
  drain(): void;
  /** Takes no new requests, finishes the running ones, drains, and spools the rest. Done within 10 s. */
  close(): Promise<void>;
}

/** How long running requests may take before their connections are cut; longer than an answer waits for the stream. */
const patienceMs = 5_000;

/**
 * Connections that may wait to be accepted; beyond that a client tries again after a second or more. The system may
 * allow fewer.
 */
const backlog = 4096;

/**
 * Starts the ingest server.
 * @throws MillraceError EADDRINUSE when the port is taken, SPOOL_… when the spool cannot be opened; and the reason of
 * `signal` when that aborts before the server listens. Nothing is left open then.
 */
export async function startIngestServer(
  config: Config,
  hooks: Pick<AppOptions, 'observer' | 'log' | 'signal' | 'sink'> = {},
): Promise<RunningServer> {
  if (config.workers > 1) {
    throw new MillraceError(
      'BAD_SETTINGS',
      'MILLRACE_WORKERS above 1 needs several processes: start ingest-server/dist/src/main.js instead',
      { exitCode: 2 },
    );
  }
  hooks.signal?.throwIfAborted();
  const app = await buildApp({ config, ...hooks });
  try {
    hooks.signal?.throwIfAborted();
    await app.listen({ host: config.host, port: config.port, backlog });
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw error;
    const message = `port ${config.port} is taken: stop the program that listens there, or set MILLRACE_PORT to another`;
    throw new MillraceError(code, message, { cause: error });
  }
  const { port } = app.server.address() as AddressInfo;
  const isAny = config.host === '0.0.0.0' || config.host === '::';
  const host = isAny ? '127.0.0.1' : config.host.includes(':') ? `[${config.host}]` : config.host;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host}:${port}`,
    port,
    drain: () => app.drain(),
    close() {
      closing ??= (async () => {
        const impatience = setTimeout(() => app.server.closeAllConnections(), patienceMs);
        await app.close();
        clearTimeout(impatience);
      })();
      return closing;
    },
  };
}
