import type { Log } from '@millrace/embedded-aws';
import { createPipeline } from '../pipeline/create.js';
import type { Pipeline } from '../pipeline/definition.js';
import { openStateFolder } from '../state/state-folder.js';
import { awsClients, destroyClients } from '../targets/aws-clients.js';
import { awsTarget } from '../targets/aws-target.js';
import type { StartAwsOptions } from './start-aws.js';
import { announced, refuseSecond, type StartedServer } from './started-server.js';

/**
 * The embedded AWS on a state folder, with the pipeline when one is given: created through the AWS APIs, by the code
 * that creates it on AWS.
 * @param start starts it, on this thread or on another
 */
export async function serveAws<Options extends Pick<StartAwsOptions, 'state' | 'log' | 'pipeline'>>(
  options: Options,
  start: (options: Options) => Promise<StartedServer>,
): Promise<StartedServer> {
  const { state, log, pipeline } = options;
  refuseSecond(state, 'aws');
  openStateFolder(state);
  const aws = await start(options);
  try {
    if (pipeline) await createOn(aws.url, pipeline, log);
  } catch (error) {
    await aws.close();
    throw error;
  }
  return announced(state, 'aws', aws);
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
