import { MillraceError } from '@millrace/kit/millrace-error';
import { announceServer, runningServer, type ServerName } from '../state/running-servers.js';

/** A server that runs: where it is, and how to stop it with nothing lost. */
export interface StartedServer {
  url: string;
  close(): Promise<void>;
}

/** @throws MillraceError `ALREADY_RUNNING` when another process runs this server on the same state folder. */
export function refuseSecond(state: string, server: ServerName): void {
  const other = runningServer(state, server);
  if (other === undefined || other.pid === process.pid) return;
  throw new MillraceError(
    'ALREADY_RUNNING',
    `another millrace (process ${other.pid}, ${other.url}) runs on the state folder ${state}. Stop it, or choose another folder with --state FOLDER`,
  );
}

/** Announces a started server on its state folder, until it is closed. */
export function announced(state: string, name: ServerName, server: StartedServer): StartedServer {
  const withdraw = announceServer(state, name, server.url);
  return {
    url: server.url,
    async close() {
      try {
        await server.close();
      } finally {
        withdraw();
      }
    },
  };
}
