import type { Config } from '../config.js';

/**
 * The configuration of one worker: the server's limits are divided, as connections go to the workers in turn. A rate
 * may become a fraction: a bucket holds one request at least.
 */
export const workerConfig = (config: Config): Config => ({
  ...config,
  workers: 1,
  spoolMaxBytes: Math.floor(config.spoolMaxBytes / config.workers),
  keyRequestsPerSecond: config.keyRequestsPerSecond / config.workers,
  addressRequestsPerSecond: config.addressRequestsPerSecond / config.workers,
  addressBytesPerSecond: config.addressBytesPerSecond / config.workers,
});
