import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { findProgram, type ProcessGroup, startGroup } from './process-group.js';

/** An X display without a screen. */
export interface Display extends ProcessGroup {
  /** For the environment of what draws on it. */
  DISPLAY: string;
}

/** Starts Xvfb, which finds a free number itself. */
export async function startDisplay(): Promise<Display> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'];
  const group = startGroup(findProgram('Xvfb')!, args, {}, ['ignore', 'ignore', 'ignore', 'pipe']);
  const [said] = await once(group.child.stdio[3] as Readable, 'data');
  return { ...group, DISPLAY: `:${String(said).trim()}` };
}
