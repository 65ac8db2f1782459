import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The servers that Millrace runs: the embedded AWS, the ingest server, the demo store. */
export type ServerName = 'aws' | 'ingest' | 'store';

/** A server that announced itself on a state folder. */
export interface RunningServer {
  pid: number;
  url: string;
}

const fileOf = (state: string, server: ServerName) => join(state, 'run', `${server}.json`);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process is there, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The server that runs on this state folder; undefined when none was started or its process has died. */
export function runningServer(state: string, server: ServerName): RunningServer | undefined {
  try {
    const found = JSON.parse(readFileSync(fileOf(state, server), 'utf8')) as Partial<RunningServer>;
    if (typeof found.pid !== 'number' || typeof found.url !== 'string' || !isAlive(found.pid)) return undefined;
    return { pid: found.pid, url: found.url };
  } catch {
    return undefined;
  }
}

/** Announces that this process runs the server at `url`; returns a function that withdraws the announcement. */
export function announceServer(state: string, server: ServerName, url: string): () => void {
  mkdirSync(join(state, 'run'), { recursive: true });
  const file = fileOf(state, server);
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ pid: process.pid, url }));
  renameSync(`${file}.${process.pid}`, file);
  return () => {
    if (runningServer(state, server)?.pid === process.pid) rmSync(file, { force: true });
  };
}
