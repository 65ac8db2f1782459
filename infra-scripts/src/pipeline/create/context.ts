import type { Pipeline } from '../definition.js';
import type { PipelineClients } from '../describe.js';

/** What every step of a creation works with. */
export interface Context {
  pipeline: Pipeline;
  clients: PipelineClients;
  log(line: string): void;
  signal: AbortSignal | undefined;
  timeoutMs: number;
  propagationMs: number;
}

/** What each call of the SDK is told. */
export const call = ({ signal }: Context) => (signal ? { abortSignal: signal } : {});
