import { definePipeline } from '../../pipeline/definition.js';
import { logOutput } from '../../runtime/log-output.js';
import { runUntilShutdown } from '../../runtime/run-until-shutdown.js';
import { serveAws } from '../../runtime/serve-aws.js';
import { type StartAwsOptions, startAws } from '../../runtime/start-aws.js';
import { stateFolder } from '../../state/state-folder.js';

/** The options of `millrace aws`. */
export interface AwsOptions {
  port: number;
  state?: string;
  timeScale: number;
  shards: number;
  format: 'json' | 'parquet';
  pipeline: boolean;
  lambda?: Record<string, string>;
  deliveryEndpoint?: string;
}

/** Runs the embedded AWS until it is told to stop. */
export function aws(options: AwsOptions): Promise<void> {
  const log = logOutput('aws');
  return runUntilShutdown(log, async (signal) => {
    const settings: StartAwsOptions = {
      state: stateFolder(options),
      port: options.port,
      portOption: '--port',
      timeScale: options.timeScale,
      log,
      ...(options.lambda ? { functions: options.lambda } : {}),
      ...(options.deliveryEndpoint === undefined ? {} : { deliveryEndpoint: options.deliveryEndpoint }),
      ...(options.pipeline ? { pipeline: definePipeline({ shards: options.shards, format: options.format }) } : {}),
    };
    const server = await serveAws(settings, startAws);
    if (signal.aborted) return server;
    console.log(`The embedded AWS is at ${server.url}. In another terminal: export AWS_ENDPOINT_URL=${server.url}`);
    return server;
  });
}
