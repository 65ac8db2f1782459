import { definePipeline, type PipelineSettings } from '../src/pipeline/definition.js';
import type { Properties } from '../src/template/intrinsics.js';
import { lakeName } from '../src/template/names.js';
import type { Size } from '../src/template/size.js';
import { makeTemplate, type Template } from '../src/template/template.js';
import { resolveValue } from './template-resolve.js';

export const accountId = '123456789012';
export const region = 'eu-central-1';

export interface Combination {
  name: string;
  size: Size;
  settings: Partial<PipelineSettings>;
}

/** Every setting that changes what is in the template, in every combination. */
export const combinations: Combination[] = (['standard', 'trial'] as const).flatMap((size) =>
  ([1, 'on-demand'] as const).flatMap((shards) =>
    [
      { format: 'json', compression: 'GZIP' } as const,
      { format: 'json', compression: 'UNCOMPRESSED' } as const,
      { format: 'parquet' } as const,
    ].flatMap((format) =>
      [false, true].map((datePartition) => ({
        name: [size, shards, ...Object.values(format), datePartition ? 'dated' : 'undated'].join(' '),
        size,
        settings: { shards, ...format, datePartition },
      })),
    ),
  ),
);

/** The pairs of values that meet in a combination. */
export function pairsOf({ size, settings: { shards, format, compression, datePartition } }: Combination): string[] {
  const values = [size, shards, `${format} ${compression}`, datePartition].map((value, at) => `${at}=${value}`);
  return values.flatMap((one, at) => values.slice(at + 1).map((other) => `${one} ${other}`));
}

/** The fewest combinations in which every value meets every other: two of each format, with all else exchanged. */
export const pairwise = combinations.filter(({ size, settings: { shards, format, compression, datePartition } }) => {
  const isTrial = size === 'trial';
  const isOnDemand = shards === 'on-demand';
  return (
    (isTrial !== isOnDemand) === (format === 'parquet') &&
    (isTrial !== datePartition) === (compression === 'UNCOMPRESSED')
  );
});

export const templateOf = ({ size, settings }: Combination) => makeTemplate(definePipeline(settings), size);

/** The definition that the embedded AWS would be given, with the names that the stack gets on this account. */
export const defined = (settings: Partial<PipelineSettings>) =>
  definePipeline({
    ...settings,
    accountId,
    region,
    bucket: lakeName({ bucket: settings.bucket ?? 'millrace-lake' }, accountId, region),
  });

export function resolved(template: Template, name: string, more: Record<string, string> = {}): Record<string, unknown> {
  const { settings } = defined({});
  return resolveValue(template.Resources[name]!.Properties as Properties, template, {
    accountId,
    region,
    resources: {
      'DeliveryRole.Arn': `arn:aws:iam::${accountId}:role/${settings.deliveryRole}`,
      'Stream.Arn': `arn:aws:kinesis:${region}:${accountId}:stream/${settings.stream}`,
      'LakeBucket.Arn': `arn:aws:s3:::${settings.bucket}`,
      Stream: settings.stream,
      DeliveryStream: settings.deliveryStream,
      Database: settings.database,
      ...more,
    },
  }) as Record<string, unknown>;
}
