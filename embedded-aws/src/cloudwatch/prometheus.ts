import type { Series } from './metric-store.js';

/**
 * The metrics in Prometheus' text format, named as CloudWatch's own exporter names them: `DeliveryToS3.Records` of
 * `AWS/Firehose` is `aws_firehose_delivery_to_s3_records`. What adds up is a counter of everything since the start;
 * what does not is the last value.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(series: readonly Series[]): string {
  const families = new Map<string, Series[]>();
  for (const one of series) {
    const name = familyOf(one);
    families.set(name, [...(families.get(name) ?? []), one]);
  }
  let text = '';
  for (const [name, members] of families) {
    const { metric, unit } = members[0]!;
    const adds = addsUp(members[0]!);
    text += `# HELP ${name} ${metric.namespace} ${metric.name} (${unit})\n# TYPE ${name} ${adds ? 'counter' : 'gauge'}\n`;
    for (const { metric: one, total, last } of members)
      text += `${name}${labels(one.dimensions)} ${adds ? total.sum : last}\n`;
  }
  return text;
}

const addsUp = ({ unit, metric }: Series): boolean =>
  (unit === 'Count' || unit === 'Bytes') && !/^PartitionCount|\.Success$/.test(metric.name);

const familyOf = (series: Series): string =>
  `${snake(series.metric.namespace)}_${snake(series.metric.name)}${addsUp(series) ? '_total' : ''}`;

/** `AWS/Firehose` is `aws_firehose`, `JQProcessing.Duration` is `jq_processing_duration`. */
const snake = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();

const labels = (dimensions: Readonly<Record<string, string>>) =>
  `{${Object.entries(dimensions)
    .map(
      ([name, value]) =>
        `${snake(name)}="${value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`,
    )
    .join(',')}}`;
