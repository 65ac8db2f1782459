import { type EmbeddedAwsOptions, type Log, startEmbeddedAws } from '@millrace/embedded-aws';
import type { Pipeline } from '../pipeline/definition.js';
import { answeredHosts } from './answered-hosts.js';
import { ensureTables } from './ensure-tables.js';
import { startListening } from './listen.js';
import type { StartedServer } from './started-server.js';

/** How to run the embedded AWS. */
export interface StartAwsOptions extends EmbeddedAwsOptions {
  state: string;
  port: number;
  log: Log;
  /** The option that sets the port, for the message when it is taken. */
  portOption: string;
  /** Created unless it is there already. */
  pipeline?: Pipeline;
}

/**
 * Starts the embedded AWS on this thread, with the pipeline's tables.
 * @throws MillraceError `CANNOT_START`, and those of the state folder
 */
export function startAws({ portOption, pipeline, ...options }: StartAwsOptions): Promise<StartedServer> {
  return startListening({ port: options.port, use: 'the AWS endpoint', option: portOption }, async () => {
    const started = await startEmbeddedAws({ ...options, hosts: answeredHosts() });
    try {
      // Glue's tables have no API call of their own in the SDK clients that are here.
      if (pipeline) await ensureTables(started.catalogue, pipeline);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return { url: started.url, close: started.stop };
  });
}
