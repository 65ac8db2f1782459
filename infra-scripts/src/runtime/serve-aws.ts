import { type EmbeddedAwsOptions, type Log, startEmbeddedAws } from '@millrace/embedded-aws';
import { createPipeline } from '../pipeline/create.js';
import type { Pipeline } from '../pipeline/definition.js';
import { openStateFolder } from '../state/state-folder.js';
import { awsClients, destroyClients } from '../targets/aws-clients.js';
import { awsTarget } from '../targets/aws-target.js';
import { answeredHosts } from './answered-hosts.js';
import { ensureTables } from './ensure-tables.js';
import { startListening } from './listen.js';
import { announced, refuseSecond, type StartedServer } from './started-server.js';

/** How to run the embedded AWS. */
export interface ServeAwsOptions extends EmbeddedAwsOptions {
  state: string;
  port: number;
  log: Log;
  /** The option that sets the port, for the message when it is taken. */
  portOption: string;
  /** Created through the AWS APIs, by the code that creates it on AWS, unless it is there already. */
  pipeline?: Pipeline;
}

/** The embedded AWS on a state folder, with the pipeline on it when one is given. */
export async function serveAws(options: ServeAwsOptions): Promise<StartedServer> {
  refuseSecond(options.state, 'aws');
  const listen = { port: options.port, use: 'the AWS endpoint', option: options.portOption };
  const aws = await startListening(listen, async () => {
    openStateFolder(options.state);
    const started = await startEmbeddedAws({ ...options, hosts: answeredHosts() });
    try {
      if (options.pipeline) {
        await ensureTables(started.catalogue, options.pipeline);
        await createOn(started.url, options.pipeline, options.log);
      }
      return { url: started.url, close: started.stop };
    } catch (error) {
      await started.stop();
      throw error;
    }
  });
  return announced(options.state, 'aws', aws);
}

async function createOn(url: string, pipeline: Pipeline, log: Log): Promise<void> {
  const { clientConfig } = awsTarget({ endpointUrl: url });
  const clients = await awsClients(clientConfig, ['kinesis', 'firehose', 's3']);
  try {
    await createPipeline(pipeline, clients, { onProgress: log });
  } finally {
    destroyClients(clients);
  }
}
