import { readFileSync } from 'node:fs';
import { usageError } from '@millrace/kit/millrace-error';
import { defineCatalogue } from '@millrace/sdk/schema';
import type { Wanted } from '../../deploy/deployment.js';
import { imageFor } from '../../deploy/image.js';
import { definePipeline, type PipelineSettings } from '../../pipeline/definition.js';
import type { DeployOptions } from './deploying.js';

/** The options of `millrace up`. */
export interface UpCommandOptions extends DeployOptions {
  trial?: true;
  shards?: number | 'on-demand';
  stream?: string;
  retentionHours?: number;
  bufferSize?: number;
  bufferSeconds?: number;
  format?: 'json' | 'parquet';
  compression?: 'GZIP' | 'UNCOMPRESSED';
  datePartition?: true;
  catalogue?: string;
  origins?: string;
  certificate?: string;
  domain?: string;
  allowedCidr?: string;
  instanceType?: string;
  minServers?: number;
  maxServers?: number;
  spoolGib?: number;
  spread?: 'visitor' | 'even';
  lingerMs?: number;
  scanLimitGib?: number;
  alarmEmail?: string;
  generatorHost?: boolean;
  eventsPerSecond?: number;
  printTemplate?: true;
  printResources?: true;
  check: boolean;
}

/** Only what was given: the rest stays as it is deployed. */
function given<Shape extends object>(values: Shape): { [Name in keyof Shape]?: NonNullable<Shape[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/**
 * The deployment that the options ask for.
 * @throws MillraceError `USAGE` when a setting or the catalogue's file is invalid
 */
export function wantedOf(options: UpCommandOptions): Wanted {
  const settings: Partial<PipelineSettings> = given({
    shards: options.shards,
    stream: options.stream,
    retentionHours: options.retentionHours,
    bufferSizeMiB: options.bufferSize,
    bufferIntervalSeconds: options.bufferSeconds,
    format: options.format,
    compression: options.compression,
    datePartition: options.datePartition,
    catalogue: options.catalogue === undefined ? undefined : catalogueOf(options.catalogue),
  });
  try {
    definePipeline(settings);
  } catch (error) {
    throw usageError((error as Error).message);
  }
  const text = (value: number | undefined) => (value === undefined ? undefined : String(value));
  const parameters = given({
    Origins: options.origins,
    CertificateArn: options.certificate,
    DomainName: options.domain,
    AllowedCidr: options.allowedCidr,
    InstanceType: options.instanceType,
    ImageId: options.instanceType === undefined ? undefined : imageFor(options.instanceType),
    MinServers: text(options.minServers),
    MaxServers: text(options.maxServers),
    SpoolGiB: text(options.spoolGib),
    DiskGiB: text(options.spoolGib === undefined ? undefined : options.spoolGib + 8),
    Spread: options.spread,
    LingerMs: text(options.lingerMs),
    ScanLimitBytes: text(options.scanLimitGib === undefined ? undefined : options.scanLimitGib * 2 ** 30),
    AlarmEmail: options.alarmEmail,
    Generator: options.generatorHost === undefined ? undefined : options.generatorHost ? 'yes' : 'no',
  });
  return { name: options.name, ...(options.trial ? { size: 'trial' as const } : {}), settings, parameters };
}

function catalogueOf(file: string) {
  try {
    return defineCatalogue(JSON.parse(readFileSync(file, 'utf8')) as { pages: string[]; events: string[] });
  } catch (error) {
    throw usageError(`--catalogue ${file}: ${(error as Error).message}`);
  }
}
