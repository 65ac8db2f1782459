import type { Pipeline } from '../pipeline/definition.js';
import { att, type Resources, ref, sub } from './intrinsics.js';
import { lakeBucket, workGroup } from './names.js';
import { outward } from './network.js';
import { policy, trust } from './policy.js';
import { queryStatements } from './query.js';
import { bootStatements } from './servers.js';
import { userData } from './user-data.js';

const Condition = 'WithGeneratorHost';

/** One small host for the generator, replay and queries, reached by Session Manager. */
export function generatorHostResources(pipeline: Pipeline): Resources {
  const { settings } = pipeline;
  return {
    GeneratorSecurityGroup: {
      comment: 'No inbound traffic. Outbound: TLS, and the collector by HTTP while it has no certificate.',
      Type: 'AWS::EC2::SecurityGroup',
      Condition,
      Properties: {
        GroupDescription: 'Millrace generator host',
        VpcId: ref('Vpc'),
        SecurityGroupEgress: [
          outward,
          { Description: 'The collector by HTTP', IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: '0.0.0.0/0' },
          { Description: 'A trial collector', IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, CidrIp: '0.0.0.0/0' },
        ],
      },
    },
    GeneratorRole: {
      comment: 'The permissions of generator, replay, redrive and queries.',
      Type: 'AWS::IAM::Role',
      Condition,
      Properties: {
        AssumeRolePolicyDocument: trust('ec2.amazonaws.com'),
        Policies: [
          policy('generator', [
            { Sid: 'PutEvents', Effect: 'Allow', Action: ['kinesis:PutRecord'], Resource: att('Stream', 'Arn') },
            ...bootStatements,
            ...queryStatements(pipeline),
          ]),
        ],
      },
    },
    GeneratorProfile: {
      comment: 'Gives the role to the host.',
      Type: 'AWS::IAM::InstanceProfile',
      Condition,
      Properties: { Roles: [ref('GeneratorRole')] },
    },
    GeneratorHost: {
      comment: 'millrace generate, replay, query and redrive, with everything set up.',
      Type: 'AWS::EC2::Instance',
      Condition,
      DependsOn: ['DeliveryStream', 'DefaultRoute'],
      CreationPolicy: { ResourceSignal: { Count: 1, Timeout: 'PT15M' } },
      Properties: {
        ImageId: ref('ImageId'),
        InstanceType: 't3.micro',
        IamInstanceProfile: ref('GeneratorProfile'),
        NetworkInterfaces: [
          {
            DeviceIndex: '0',
            AssociatePublicIpAddress: true,
            SubnetId: ref('SubnetA'),
            GroupSet: [ref('GeneratorSecurityGroup')],
          },
        ],
        MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeType: 'gp3', VolumeSize: 8, Encrypted: true } }],
        Tags: [{ Key: 'Name', Value: sub('${AWS::StackName} generator') }],
        UserData: userData({
          script: 'boot-generator.sh',
          resource: 'GeneratorHost',
          environment: {
            MILLRACE_STREAM: settings.stream,
            MILLRACE_DATABASE: settings.database,
            MILLRACE_TABLE: settings.table,
            MILLRACE_DATE_PARTITION: String(settings.datePartition),
            MILLRACE_WORKGROUP: workGroup(settings),
            MILLRACE_LAKE: (lakeBucket(settings)['Fn::Sub'] as string) ?? '',
          },
        }),
      },
    },
  };
}
