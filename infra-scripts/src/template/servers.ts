import type { Pipeline } from '../pipeline/definition.js';
import { att, nothing, type Properties, type Resources, ref, sub, type Value, when } from './intrinsics.js';
import { ingestLogGroup, metricNamespace, serverPort } from './names.js';
import { networkBlock } from './network.js';
import { policy, type Statement, sessionStatement, trust } from './policy.js';
import type { Size } from './size.js';
import { userData } from './user-data.js';

/** The resource that waits until a server answers on /readyz. */
const waiting = (size: Size) => (size === 'trial' ? 'Server' : 'Servers');

/** The ingest servers: their permissions, how one starts, and how many there are. */
export function serverResources(pipeline: Pipeline, size: Size): Resources {
  const { settings } = pipeline;
  return {
    IngestLogGroup: {
      comment: 'The log of the ingest servers.',
      Type: 'AWS::Logs::LogGroup',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Retain',
      Properties: { LogGroupName: ingestLogGroup(settings), RetentionInDays: 30 },
    },
    ServerRole: {
      comment: 'The permissions of an ingest server.',
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('ec2.amazonaws.com'),
        Policies: [policy('ingest', serverStatements(size))],
      },
    },
    ServerProfile: {
      comment: 'Gives the role to the instances.',
      Type: 'AWS::IAM::InstanceProfile',
      Properties: { Roles: [ref('ServerRole')] },
    },
    ServerTemplate: {
      comment:
        'One server: Amazon Linux 2023, IMDSv2 only, an encrypted disk with room for the spool, the release from the bucket.',
      Type: 'AWS::EC2::LaunchTemplate',
      Properties: { LaunchTemplateData: launchData(pipeline, size) },
    },
    ...(size === 'trial' ? trialServer() : serverGroup()),
  };
}

function launchData({ settings }: Pipeline, size: Size): Properties {
  const { pages, events } = settings.catalogue;
  return {
    ImageId: ref('ImageId'),
    InstanceType: ref('InstanceType'),
    IamInstanceProfile: { Arn: att('ServerProfile', 'Arn') },
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/xvda',
        Ebs: { VolumeType: 'gp3', VolumeSize: ref('DiskGiB'), Encrypted: true, DeleteOnTermination: true },
      },
    ],
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        AssociatePublicIpAddress: true,
        Groups: [ref('ServerSecurityGroup')],
        ...(size === 'trial' ? { SubnetId: ref('SubnetA') } : {}),
      },
    ],
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: sub('${AWS::StackName} ingest') }] }],
    UserData: userData({
      script: 'boot-server.sh',
      resource: waiting(size),
      environment: {
        MILLRACE_STACK: '${AWS::StackName}',
        MILLRACE_STREAM: settings.stream,
        MILLRACE_PORT: String(serverPort),
        MILLRACE_ORIGINS: '${Origins}',
        MILLRACE_SPREAD: '${Spread}',
        MILLRACE_LINGER_MS: '${LingerMs}',
        MILLRACE_ADDRESS_REQUESTS_PER_SECOND: '${AddressRequestsPerSecond}',
        MILLRACE_ADDRESS_BYTES_PER_SECOND: '${AddressBytesPerSecond}',
        // The load balancer says whose a request is; a trial's server is reached without one.
        MILLRACE_TRUSTED_PROXIES: size === 'trial' ? '' : networkBlock,
        MILLRACE_SPOOL_GIB: '${SpoolGiB}',
        MILLRACE_CATALOGUE_JSON: JSON.stringify({ pages, events }),
        WRITE_KEYS_PARAMETER: '${WriteKeysParameter}',
        LOG_GROUP: '${IngestLogGroup}',
        METRIC_NAMESPACE: metricNamespace,
        // The group waits for a server that leaves; a trial's instance has nobody who would.
        LIFECYCLE_HOOK: size === 'trial' ? '' : drainHook,
      },
    }),
  };
}

const drainHook = 'drain';
/** How long a server may take to empty its spool before the group asks again; it asks for more while it has events. */
const drainSeconds = 600;

const whileServing = (value: Value) => when('IsServing', value, '0');

function serverGroup(): Resources {
  return {
    Servers: {
      comment:
        'The servers. A change rolls through one at a time: a new one answers before an old one goes, and an old one goes when it has sent on what it holds.',
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      // Firehose reads from the moment it is ACTIVE on: no event before that.
      DependsOn: ['DeliveryStream', 'DefaultRoute', 'HttpListener'],
      CreationPolicy: { ResourceSignal: { Count: ref('MinServers'), Timeout: 'PT15M' } },
      UpdatePolicy: {
        AutoScalingRollingUpdate: {
          MinInstancesInService: whileServing(ref('MinServers')),
          MaxBatchSize: 1,
          WaitOnResourceSignals: true,
          PauseTime: 'PT15M',
          SuspendProcesses: ['HealthCheck', 'ReplaceUnhealthy', 'AZRebalance', 'AlarmNotification', 'ScheduledActions'],
        },
      },
      Properties: {
        AutoScalingGroupName: sub('${AWS::StackName}-ingest'),
        MinSize: whileServing(ref('MinServers')),
        MaxSize: ref('MaxServers'),
        // Named only to take all of them away: else a change would undo what the scaling did.
        DesiredCapacity: when('IsServing', nothing, '0'),
        VPCZoneIdentifier: [ref('SubnetA'), ref('SubnetB')],
        TargetGroupARNs: [ref('ServerTargets')],
        HealthCheckType: 'ELB',
        HealthCheckGracePeriod: 300,
        LaunchTemplate: {
          LaunchTemplateId: ref('ServerTemplate'),
          Version: att('ServerTemplate', 'LatestVersionNumber'),
        },
        LifecycleHookSpecificationList: [
          {
            LifecycleHookName: drainHook,
            LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
            HeartbeatTimeout: drainSeconds,
            DefaultResult: 'CONTINUE',
          },
        ],
        MetricsCollection: [{ Granularity: '1Minute', Metrics: ['GroupInServiceInstances'] }],
      },
    },
    ServerScaling: {
      comment: 'More servers when they are busy.',
      Type: 'AWS::AutoScaling::ScalingPolicy',
      Properties: {
        AutoScalingGroupName: ref('Servers'),
        PolicyType: 'TargetTrackingScaling',
        EstimatedInstanceWarmup: 120,
        TargetTrackingConfiguration: {
          PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
          TargetValue: 40,
        },
      },
    },
  };
}

function trialServer(): Resources {
  return {
    Server: {
      comment: 'The one server. Its spool is lost with it: do not send events that matter to a trial.',
      Type: 'AWS::EC2::Instance',
      Condition: 'IsServing',
      DependsOn: ['DeliveryStream', 'DefaultRoute'],
      CreationPolicy: { ResourceSignal: { Count: 1, Timeout: 'PT15M' } },
      Properties: {
        LaunchTemplate: {
          LaunchTemplateId: ref('ServerTemplate'),
          Version: att('ServerTemplate', 'LatestVersionNumber'),
        },
      },
    },
  };
}

const arn = (service: string, path: string) =>
  sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${path}`);

/** What every host of ours needs to come up and to be reached. */
export const bootStatements: Statement[] = [
  {
    Sid: 'FetchTheRelease',
    Effect: 'Allow',
    Action: ['s3:GetObject'],
    Resource: sub('arn:${AWS::Partition}:s3:::${ReleaseBucket}/${ReleaseKey}'),
  },
  {
    Sid: 'SignalTheStack',
    Effect: 'Allow',
    Action: ['cloudformation:SignalResource'],
    Resource: ref('AWS::StackId'),
  },
  sessionStatement,
];

function serverStatements(size: Size): Statement[] {
  return [
    {
      Sid: 'PutEvents',
      Effect: 'Allow',
      Action: ['kinesis:PutRecords', 'kinesis:ListShards'],
      Resource: att('Stream', 'Arn'),
    },
    {
      // After a kill: what the stream got in the last seconds need not be put again.
      Sid: 'ReadWhatCameLast',
      Effect: 'Allow',
      Action: ['kinesis:GetShardIterator', 'kinesis:GetRecords'],
      Resource: att('Stream', 'Arn'),
    },
    ...bootStatements,
    {
      Sid: 'ReadTheWriteKeys',
      Effect: 'Allow',
      Action: ['ssm:GetParameter'],
      Resource: arn('ssm', 'parameter${WriteKeysParameter}'),
    },
    {
      Sid: 'SayHowItIs',
      Effect: 'Allow',
      Action: ['cloudwatch:PutMetricData'],
      // The action knows no resource; the condition holds it to our own namespace.
      Resource: '*',
      Condition: { StringEquals: { 'cloudwatch:namespace': metricNamespace } },
    },
    {
      Sid: 'WriteTheLog',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      Resource: att('IngestLogGroup', 'Arn'),
    },
    ...(size === 'trial'
      ? []
      : [
          {
            Sid: 'LeaveWhenEmpty',
            Effect: 'Allow' as const,
            Action: ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
            Resource: arn('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/${AWS::StackName}-ingest'),
          },
        ]),
  ];
}
