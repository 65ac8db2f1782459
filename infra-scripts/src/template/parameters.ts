import type { Properties } from './intrinsics.js';
import type { Size } from './size.js';

interface Parameter {
  Type: string;
  Description: string;
  Default?: string | number;
  AllowedPattern?: string;
  AllowedValues?: string[];
  ConstraintDescription?: string;
  MinValue?: number;
  MaxValue?: number;
}

type Parameters = Record<string, Parameter>;

const yesNo = ['yes', 'no'];

/** Which archive the hosts run. */
const release = (): Parameters => ({
  ReleaseBucket: {
    Type: 'String',
    AllowedPattern: '^[a-z0-9.-]{3,63}$',
    Description: 'The bucket that holds the release archive (millrace release makes it, millrace up uploads it).',
  },
  ReleaseKey: {
    Type: 'String',
    AllowedPattern: '^[a-zA-Z0-9_./-]+$',
    Description: 'Its key in the bucket. Another key replaces the servers by ones with that release.',
  },
});

/** Write keys, origins and addresses that the servers accept. */
const senders = (size: Size): Parameters => ({
  WriteKeysParameter: {
    Type: 'String',
    Default: '/millrace/write-keys',
    AllowedPattern: '^/[a-zA-Z0-9_./-]+$',
    Description:
      'The name of the SSM parameter (SecureString) that holds the write keys, separated by commas: shop=KEY1,blog=KEY2.',
  },
  Origins: {
    Type: 'String',
    AllowedPattern: "^[^']*$",
    ConstraintDescription: 'Origins have no apostrophe.',
    Description: 'The origins of the pages that may send, separated by spaces: https://shop.example; * for every page.',
  },
  AllowedCidr: {
    Type: 'String',
    Default: '0.0.0.0/0',
    AllowedPattern: '^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$',
    Description: 'The addresses that may send.',
  },
  ...(size === 'trial'
    ? {}
    : {
        CertificateArn: {
          Type: 'String',
          Default: '',
          Description:
            'A certificate of AWS Certificate Manager in this region, for TLS; empty for plain HTTP, for trials only.',
        },
        DomainName: {
          Type: 'String',
          Default: '',
          AllowedPattern: '^[a-z0-9.-]*$',
          Description:
            'The name that the certificate is for, as collect.example.com. Point it at the load balancer (CNAME).',
        },
      }),
});

/** How many servers of which kind. */
const servers = (size: Size): Parameters => ({
  Serving: {
    Type: 'String',
    Default: 'yes',
    AllowedValues: yesNo,
    Description: 'no removes every server, each when it has sent on what it holds. millrace down sets it first.',
  },
  InstanceType: {
    Type: 'String',
    Default: size === 'trial' ? 't3.micro' : 'c6i.large',
    AllowedPattern: '^[a-z0-9-]+\\.[a-z0-9]+$',
    Description: 'The instance type of an ingest server. Its processor must match ImageId.',
  },
  ...(size === 'trial'
    ? {}
    : {
        MinServers: {
          Type: 'Number' as const,
          Default: 2,
          MinValue: 1,
          Description: 'The least number of ingest servers: two, one in each zone.',
        },
        MaxServers: {
          Type: 'Number' as const,
          Default: 6,
          MinValue: 2,
          Description:
            'The greatest number of ingest servers. It must exceed MinServers, so that a change has room for a new server.',
        },
      }),
  SpoolGiB: {
    Type: 'Number',
    Default: size === 'trial' ? 1 : 8,
    MinValue: 1,
    MaxValue: 1_000,
    Description: 'Disk that the spool of a server may take while Kinesis takes no events.',
  },
  DiskGiB: {
    Type: 'Number',
    Default: size === 'trial' ? 9 : 16,
    MinValue: 9,
    MaxValue: 1_100,
    Description: 'The disk of a server: 8 GiB for the system, and the spool.',
  },
  Spread: {
    Type: 'String',
    Default: 'visitor',
    AllowedValues: ['visitor', 'even'],
    Description:
      'visitor keeps a visitor in one shard; even gives each record another shard: cheaper at high rates (millrace plan).',
  },
  LingerMs: {
    Type: 'Number',
    Default: 500,
    MinValue: 0,
    MaxValue: 1_000,
    Description: 'How long a record waits for more events, in milliseconds: longer packs better.',
  },
  AddressRequestsPerSecond: {
    Type: 'Number',
    Default: 300,
    MinValue: 0,
    MaxValue: 1_000_000,
    Description: 'Requests per second that a server takes from one address; 0 for no limit (a load test).',
  },
  AddressBytesPerSecond: {
    Type: 'Number',
    Default: 1_048_576,
    MinValue: 0,
    MaxValue: 1_099_511_627_776,
    Description: 'Bytes per second, unzipped, that a server takes from one address; 0 for no limit.',
  },
  ImageId: {
    Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
    Default: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
    Description: 'Amazon Linux 2023; the newest whenever the stack is changed.',
  },
});

/** The bucket and the limit of a query. */
const lake = (): Parameters => ({
  Lake: {
    Type: 'String',
    Default: 'create',
    AllowedValues: ['create', 'use'],
    Description: 'use: the bucket exists from an earlier stack. Do not change this on a stack that created the bucket.',
  },
  ScanLimitBytes: {
    Type: 'Number',
    Default: 107_374_182_400,
    MinValue: 10_000_000,
    Description: 'A query that would scan more is cancelled: 100 GiB cost half a dollar.',
  },
});

/** What a pipeline runs without. */
const extras = (): Parameters => ({
  Generator: {
    Type: 'String',
    Default: 'no',
    AllowedValues: yesNo,
    Description: 'A small host for millrace generate, replay and query.',
  },
  AlarmEmail: {
    Type: 'String',
    Default: '',
    Description: 'The address that alarms are mailed to; empty for none.',
  },
});

/** What is decided when the stack is made or changed, in groups, as the console shows them. */
const groups = (size: Size): [label: string, parameters: Parameters][] => [
  ['The release', release()],
  ['Senders', senders(size)],
  ['Size', servers(size)],
  ['Lake and queries', lake()],
  ['Extras', extras()],
];

/** The template's Parameters. */
export function parametersOf(size: Size): Properties {
  return Object.assign({}, ...groups(size).map(([, parameters]) => parameters)) as Properties;
}

/** The groups and their order, for the console's form. */
export function consoleForm(size: Size): Properties {
  return {
    'AWS::CloudFormation::Interface': {
      ParameterGroups: groups(size).map(([label, parameters]) => ({
        Label: { default: label },
        Parameters: Object.keys(parameters),
      })),
    },
  };
}

/** The template's Conditions, which follow from the parameters. */
export function conditionsOf(size: Size): Properties {
  const is = (name: string, value: string) => ({ 'Fn::Equals': [{ Ref: name }, value] });
  const isNot = (name: string, value: string) => ({ 'Fn::Not': [is(name, value)] });
  return {
    IsServing: is('Serving', 'yes'),
    CreateLake: is('Lake', 'create'),
    WithGeneratorHost: is('Generator', 'yes'),
    HasAlarmEmail: isNot('AlarmEmail', ''),
    ...(size === 'trial'
      ? {}
      : {
          HasCertificate: isNot('CertificateArn', ''),
          HasNoCertificate: is('CertificateArn', ''),
          HasDomain: isNot('DomainName', ''),
        }),
  };
}
