import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of Millrace that run as servers, and which of them run on a state folder. */
export type PartName = 'aws' | 'ingest' | 'store';

export interface RunningPart {
  pid: number;
  url: string;
}

const fileOf = (state: string, part: PartName) => join(state, 'run', `${part}.json`);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, but somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The part that runs on this state folder, or nothing when none was started or it has died. */
export function runningPart(state: string, part: PartName): RunningPart | undefined {
  try {
    const found = JSON.parse(readFileSync(fileOf(state, part), 'utf8')) as Partial<RunningPart>;
    if (typeof found.pid !== 'number' || typeof found.url !== 'string' || !isAlive(found.pid)) return undefined;
    return { pid: found.pid, url: found.url };
  } catch {
    return undefined;
  }
}

/** Says that this process runs the part at `url`; returns how to take it back. */
export function announcePart(state: string, part: PartName, url: string): () => void {
  mkdirSync(join(state, 'run'), { recursive: true });
  const file = fileOf(state, part);
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ pid: process.pid, url }));
  renameSync(`${file}.${process.pid}`, file);
  return () => {
    if (runningPart(state, part)?.pid === process.pid) rmSync(file, { force: true });
  };
}
