import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** How many connections a client keeps, and how long it waits. */
export interface KeepAliveOptions {
  /** Connections at most; 50. */
  maxSockets?: number;
  connectionTimeoutMs?: number;
  requestTimeoutMs?: number;
  /** A request that takes longer fails with a TimeoutError; without it the SDK only logs a warning. */
  throwOnRequestTimeout?: boolean;
}

/**
 * The request handler for every AWS SDK client here: HTTP/1.1 with keep-alive. The Kinesis client's default speaks
 * HTTP/2 and opens a TLS session for each call (aws-sdk-js-v3 issue 8279).
 */
export function keepAliveHandler(options: KeepAliveOptions = {}): NodeHttpHandler {
  const { maxSockets = 50, connectionTimeoutMs = 3_000, requestTimeoutMs = 30_000, throwOnRequestTimeout } = options;
  return new NodeHttpHandler({
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets }),
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    ...(throwOnRequestTimeout === undefined ? {} : { throwOnRequestTimeout }),
  });
}
