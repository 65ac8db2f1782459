import { logOutput } from '../../runtime/log-output.js';
import { runUntilShutdown } from '../../runtime/run-until-shutdown.js';
import { serveIngest } from '../../runtime/serve-ingest.js';
import { runningServer } from '../../state/running-servers.js';
import { stateFolder } from '../../state/state-folder.js';
import { endpointOfEnvironment, noAwsText } from '../../targets/aws-target.js';
import { asCalled } from '../text/as-called.js';

/** The options of `millrace ingest`. */
export interface IngestOptions {
  port: number;
  state?: string;
  region?: string;
}

/** Runs the ingest server until it is told to stop. */
export function ingest(options: IngestOptions): Promise<void> {
  const log = logOutput('ingest');
  return runUntilShutdown(log, async (signal) => {
    const state = stateFolder(options);
    const { port, region } = options;
    const server = await serveIngest({ state, port, portOption: '--port', log, signal, region });
    console.log(`The ingest server is at ${server.url}.`);
    if (region === undefined && endpointOfEnvironment() === undefined && !runningServer(state, 'aws'))
      console.log(asCalled(`What it takes waits in its spool until an AWS is there: ${noAwsText(state)}.`));
    return server;
  });
}
