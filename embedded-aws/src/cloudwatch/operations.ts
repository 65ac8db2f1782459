import { z } from 'zod';
import { AwsError } from '../json-service/aws-error.js';
import { type RunOperation, runnerOf, shapedOperations } from '../json-service/operations.js';
import type { Metric, MetricStore, Period } from './metric-store.js';

/** Times come as seconds since 1970, as text, or as a Date, by protocol; they leave as Dates. */
const time = z.union([z.number(), z.string(), z.date()]).transform((given, context) => {
  const ms = given instanceof Date ? given.getTime() : typeof given === 'number' ? given * 1000 : Date.parse(given);
  if (Number.isFinite(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'must be a time' });
  return z.NEVER;
});

const dimensions = z
  .array(z.strictObject({ Name: z.string(), Value: z.string().optional() }))
  .max(30)
  .optional();
const period = z
  .int()
  .min(1)
  .refine(
    (seconds) => seconds % 60 === 0 || [1, 5, 10, 20, 30].includes(seconds),
    'must be 1, 5, 10, 20, 30 or a multiple of 60',
  );
const statistic = z.enum(['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum']);

const shapes = {
  ListMetrics: z.strictObject({
    Namespace: z.string().optional(),
    MetricName: z.string().optional(),
    Dimensions: dimensions,
    RecentlyActive: z.enum(['PT3H']).optional(),
    IncludeLinkedAccounts: z.boolean().optional(),
    NextToken: z.string().optional(),
  }),
  GetMetricStatistics: z.strictObject({
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: dimensions,
    StartTime: time,
    EndTime: time,
    Period: period,
    Statistics: z.array(statistic).min(1).max(5),
    Unit: z.string().optional(),
  }),
  GetMetricData: z.strictObject({
    MetricDataQueries: z
      .array(
        z.strictObject({
          Id: z.string().regex(/^[a-z]\w*$/),
          MetricStat: z.strictObject({
            Metric: z.strictObject({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions }),
            Period: period,
            Stat: statistic,
            Unit: z.string().optional(),
          }),
          Label: z.string().optional(),
          ReturnData: z.boolean().optional(),
        }),
      )
      .min(1)
      .max(500),
    StartTime: time,
    EndTime: time,
    ScanBy: z.enum(['TimestampDescending', 'TimestampAscending']).optional(),
    MaxDatapoints: z.int().min(1).optional(),
    LabelOptions: z.looseObject({}).optional(),
    NextToken: z.string().optional(),
  }),
};

const value = ({ count, sum, min, max }: Period, stat: z.output<typeof statistic>): number =>
  ({ SampleCount: count, Average: sum / count, Sum: sum, Minimum: min, Maximum: max })[stat];

const metricOf = (namespace: string, name: string, given: z.output<typeof dimensions>): Metric => ({
  namespace,
  name,
  dimensions: Object.fromEntries((given ?? []).map(({ Name, Value = '' }) => [Name, Value])),
});

/** The operations that read what the embedded services measure. Times in their answers are Dates. */
export function cloudWatchOperations(store: MetricStore): RunOperation<object> {
  const operations = shapedOperations<typeof shapes, object>(shapes, refuse, {
    ListMetrics({ Namespace, MetricName, Dimensions = [] }) {
      const found = store
        .list()
        .map(({ metric }) => metric)
        .filter(
          ({ namespace, name, dimensions: has }) =>
            (Namespace === undefined || Namespace === namespace) &&
            (MetricName === undefined || MetricName === name) &&
            Dimensions.every(
              ({ Name, Value }) => Object.hasOwn(has, Name) && (Value === undefined || has[Name] === Value),
            ),
        );
      return {
        Metrics: found.map(({ namespace, name, dimensions: has }) => ({
          Namespace: namespace,
          MetricName: name,
          Dimensions: Object.entries(has).map(([Name, Value]) => ({ Name, Value })),
        })),
      };
    },

    GetMetricStatistics({ Namespace, MetricName, Dimensions, StartTime, EndTime, Period: seconds, Statistics }) {
      requireOrder(StartTime, EndTime);
      const metric = metricOf(Namespace, MetricName, Dimensions);
      const unit = store
        .list()
        .find((one) => one.metric.name === MetricName && one.metric.namespace === Namespace)?.unit;
      return {
        Label: MetricName,
        Datapoints: store.periods(metric, StartTime, EndTime, seconds * 1000).map((found) => ({
          Timestamp: new Date(found.startMs),
          ...Object.fromEntries(Statistics.map((stat) => [stat, value(found, stat)])),
          Unit: unit,
        })),
      };
    },

    GetMetricData({ MetricDataQueries, StartTime, EndTime, ScanBy }) {
      requireOrder(StartTime, EndTime);
      const wanted = MetricDataQueries.filter(({ ReturnData }) => ReturnData !== false);
      return {
        MetricDataResults: wanted.map(({ Id, Label, MetricStat: { Metric: asked, Period: seconds, Stat } }) => {
          const metric = metricOf(asked.Namespace, asked.MetricName, asked.Dimensions);
          const found = store.periods(metric, StartTime, EndTime, seconds * 1000);
          if (ScanBy !== 'TimestampAscending') found.reverse();
          return {
            Id,
            Label: Label ?? asked.MetricName,
            Timestamps: found.map(({ startMs }) => new Date(startMs)),
            Values: found.map((one) => value(one, Stat)),
            StatusCode: 'Complete',
          };
        }),
        Messages: [],
      };
    },
  });
  return runnerOf('CloudWatch', operations);
}

function refuse({ issues }: z.ZodError): AwsError {
  // A member that is not supported explains what is missing beside it.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const unsupported = issue!.code === 'unrecognized_keys' ? ` (not supported here: ${issue!.keys.join(', ')})` : '';
  return new AwsError('InvalidParameterValueException', `${issue!.path.join('.')}: ${issue!.message}${unsupported}`);
}

function requireOrder(startMs: number, endMs: number): void {
  if (startMs >= endMs)
    throw new AwsError(
      'InvalidParameterCombinationException',
      'The parameter StartTime must be less than the parameter EndTime.',
    );
}
