import { pipelineDefaults } from '../pipeline/defaults.js';
import type { Sizing } from './workload.js';

/** A click of the walkthrough as JSON. */
export const typicalEventBytes = 600;

const laneName = 'lane-0000';

/**
 * The sizing of the pipeline as it is defined, with the template's own defaults; `balanced` false is the trial's one
 * small server.
 */
export function defaultSizing(balanced = true): Sizing {
  const { bufferSizeMiB, bufferIntervalSeconds, compression, retentionHours } = pipelineDefaults;
  return {
    region: 'us-east-1',
    ...(balanced ? { instanceType: 'c6i.large' } : { instanceType: 't3.micro', servers: 1 }),
    balanced,
    lingerMs: 500,
    partitionKeyBytes: laneName.length,
    bufferSizeMiB,
    bufferIntervalSeconds,
    // Measured on generated events; a site's own urls and properties may give less.
    compressionRatio: compression === 'GZIP' ? 8 : 1,
    retentionHours,
    spoolBytes: (balanced ? 8 : 1) * 2 ** 30,
  };
}
