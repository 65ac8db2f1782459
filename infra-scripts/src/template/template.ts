import type { Pipeline, PipelineSettings } from '../pipeline/definition.js';
import { alarmResources } from './alarms.js';
import { balancerResources } from './balancer.js';
import { dashboardResources } from './dashboard.js';
import { deliveryResources } from './delivery.js';
import { generatorHostResources } from './generator-host.js';
import {
  asProperties,
  att,
  type Properties,
  type Resource,
  type Resources,
  ref,
  sub,
  type Value,
  when,
} from './intrinsics.js';
import { lakeResources } from './lake.js';
import { lakeBucket, serverPort, workGroup } from './names.js';
import { networkResources } from './network.js';
import { conditionsOf, consoleForm, parametersOf } from './parameters.js';
import { queryResources } from './query.js';
import { serverResources } from './servers.js';
import type { Size } from './size.js';
import { streamResources } from './stream.js';

/** A CloudFormation template. */
export interface Template {
  AWSTemplateFormatVersion: '2010-09-09';
  Description: string;
  Metadata: Properties;
  Parameters: Properties;
  Conditions: Properties;
  Resources: Record<string, Omit<Resource, 'comment'>>;
  Outputs: Properties;
}

/** A template, and what its YAML says above each resource. */
export interface DescribedTemplate {
  template: Template;
  comments: Record<string, string>;
}

/**
 * The pipeline as a CloudFormation template, made from its one definition.
 * @param settings those that were given: written into the template, so that a later change knows what is deployed
 */
export function makeTemplate(
  pipeline: Pipeline,
  size: Size,
  settings: Partial<PipelineSettings> = {},
): DescribedTemplate {
  const resources: Resources = {
    ...streamResources(pipeline),
    ...lakeResources(pipeline),
    ...deliveryResources(pipeline),
    ...queryResources(pipeline),
    ...networkResources(size),
    ...(size === 'trial' ? {} : balancerResources()),
    ...serverResources(pipeline, size),
    ...generatorHostResources(pipeline),
    ...alarmResources(pipeline, size),
    ...dashboardResources(pipeline, size),
  };
  const entries = Object.entries(resources);
  return {
    template: {
      AWSTemplateFormatVersion: '2010-09-09',
      Description:
        size === 'trial'
          ? 'Millrace, a trial: browser events into a partitioned data lake, with one small server.'
          : 'Millrace: browser events into a partitioned data lake, with servers in two zones behind a load balancer.',
      Metadata: { Millrace: { size, settings: asProperties(settings) }, ...consoleForm(size) },
      Parameters: parametersOf(size),
      Conditions: conditionsOf(size),
      Resources: Object.fromEntries(entries.map(([name, { comment: _, ...resource }]) => [name, resource])),
      Outputs: outputs(pipeline, size),
    },
    comments: Object.fromEntries(entries.map(([name, { comment }]) => [name, comment])),
  };
}

const output = (Description: string, Value: Value) => ({ Description, Value });

function outputs({ settings }: Pipeline, size: Size): Properties {
  return {
    CollectorUrl: {
      ...(size === 'trial' ? { Condition: 'IsServing' } : {}),
      ...output(
        'Where pages load the tracker from and send events to.',
        size === 'trial'
          ? sub(`http://\${Server.PublicDnsName}:${serverPort}`)
          : when(
              'HasDomain',
              when('HasCertificate', sub('https://${DomainName}'), sub('http://${DomainName}')),
              sub('http://${LoadBalancer.DNSName}'),
            ),
      ),
    },
    ...(size === 'trial'
      ? { ServerId: { Condition: 'IsServing', ...output('The server, for Session Manager.', ref('Server')) } }
      : {
          LoadBalancerName: output('What the domain points at (CNAME).', att('LoadBalancer', 'DNSName')),
          ServerGroup: output('The servers.', ref('Servers')),
        }),
    StreamName: output('The Kinesis stream.', ref('Stream')),
    DeliveryStreamName: output('The Firehose delivery stream.', settings.deliveryStream),
    LakeBucketName: output('The lake.', lakeBucket(settings)),
    WorkGroupName: output("Athena's work group.", workGroup(settings)),
    DatabaseName: output('The database that Athena queries.', settings.database),
    DashboardUrl: output(
      'The dashboard.',
      sub(
        'https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards:name=${AWS::StackName}',
      ),
    ),
    GeneratorHostId: {
      Condition: 'WithGeneratorHost',
      ...output('The host for the generator, for Session Manager.', ref('GeneratorHost')),
    },
  };
}
