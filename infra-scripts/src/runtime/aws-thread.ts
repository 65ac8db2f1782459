import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { isMillraceError } from '@millrace/kit/millrace-error';
import type { AwsThreadMessage, AwsThreadOptions } from './aws-on-thread.js';
import { relayDelivery } from './live-relay.js';
import { startAws } from './start-aws.js';

/** The embedded AWS, on the thread that `startAwsOnThread` starts with this file. */

const port = parentPort!;
const post = (message: AwsThreadMessage) => port.postMessage(message);
const live = relayDelivery((steps) => post({ steps }));

try {
  const server = await startAws({
    ...(workerData as AwsThreadOptions),
    log: (line) => post({ line }),
    observer: live,
  });
  post({ url: server.url });
  // The only message that comes: the end.
  await once(port, 'message');
  await server.close();
  live.flush();
  post({ isClosed: true });
} catch (error) {
  const { message, stack } = error as Error;
  post({
    failure: isMillraceError(error) ? { message, code: error.code, exitCode: error.exitCode } : { message, stack },
  });
}
port.close();
