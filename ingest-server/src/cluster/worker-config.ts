import type { Config } from '../config.js';

/**
 * The configuration of one worker. What is set as a limit of the server is divided: connections are dealt out in turn, so that each worker
 * gets its part of them. A rate may become a fraction: a bucket holds one request at least.
 */
export const workerConfig = (config: Config): Config => ({
  ...config,
  workers: 1,
  spoolMaxBytes: Math.floor(config.spoolMaxBytes / config.workers),
  keyRequestsPerSecond: config.keyRequestsPerSecond / config.workers,
  addressRequestsPerSecond: config.addressRequestsPerSecond / config.workers,
});
