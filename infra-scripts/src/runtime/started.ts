import { CommandError } from './context.js';
import { announcePart, type PartName, runningPart } from './running.js';

/** A server that runs: where it is, and how to stop it with nothing lost. */
export interface Started {
  url: string;
  close(): Promise<void>;
}

/** @throws CommandError when another process runs this part on the same state folder. */
export function refuseSecond(state: string, part: PartName): void {
  const other = runningPart(state, part);
  if (other === undefined || other.pid === process.pid) return;
  throw new CommandError(
    `another millrace (process ${other.pid}, ${other.url}) runs on the state folder ${state}. Stop it, or choose another folder with --state FOLDER`,
  );
}

/** Announces a started server on its state folder, until it is closed. */
export function announced(state: string, part: PartName, server: Started): Started {
  const withdraw = announcePart(state, part, server.url);
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
