import { att, type Resource, type Resources, ref, when } from './intrinsics.js';
import { serverPort } from './names.js';
import { networkBlock } from './network.js';

/**
 * How long a server that leaves still answers what it was asked, in seconds: longer than an answer can wait for the
 * stream.
 */
const leavingSeconds = 30;

/**
 * What browsers ask for. The rest, as /metrics, is for the hosts and the health checks, which come by no load balancer.
 */
const publicPaths = ['/v1/*', '/millrace.js', '/millrace-*.js'];

const forward = { Type: 'forward', TargetGroupArn: ref('ServerTargets') };

const unknownPath = {
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain', MessageBody: 'There is nothing here.' },
};

/** Lets through what is for browsers. */
const publicRule = (listener: string, Condition: string): Resource => ({
  comment: `Only ${publicPaths.join(', ')} reach the servers; /metrics does not.`,
  Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
  Condition,
  Properties: {
    ListenerArn: ref(listener),
    Priority: 1,
    Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: publicPaths } }],
    Actions: [forward],
  },
});

/** The load balancer: TLS when a certificate is given, and then plain HTTP is sent there. */
export function balancerResources(): Resources {
  return {
    BalancerSecurityGroup: {
      comment: 'Lets AllowedCidr send events: everyone, unless it is narrowed.',
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Millrace load balancer',
        VpcId: ref('Vpc'),
        SecurityGroupIngress: [
          { Description: 'HTTP', IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: ref('AllowedCidr') },
        ],
        SecurityGroupEgress: [
          {
            Description: 'The servers',
            IpProtocol: 'tcp',
            FromPort: serverPort,
            ToPort: serverPort,
            CidrIp: networkBlock,
          },
        ],
      },
    },
    BalancerTlsIngress: {
      comment: 'With a certificate: TLS as well.',
      Type: 'AWS::EC2::SecurityGroupIngress',
      Condition: 'HasCertificate',
      Properties: {
        GroupId: att('BalancerSecurityGroup', 'GroupId'),
        Description: 'TLS',
        IpProtocol: 'tcp',
        FromPort: 443,
        ToPort: 443,
        CidrIp: ref('AllowedCidr'),
      },
    },
    LoadBalancer: {
      comment: 'Spreads requests over the servers of both zones.',
      Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      DependsOn: ['DefaultRoute'],
      Properties: {
        Type: 'application',
        Scheme: 'internet-facing',
        Subnets: [ref('SubnetA'), ref('SubnetB')],
        SecurityGroups: [ref('BalancerSecurityGroup')],
        LoadBalancerAttributes: [{ Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' }],
      },
    },
    ServerTargets: {
      comment: 'A server gets requests while /readyz says that it can take events.',
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: {
        VpcId: ref('Vpc'),
        Protocol: 'HTTP',
        Port: serverPort,
        TargetType: 'instance',
        HealthCheckPath: '/readyz',
        HealthCheckIntervalSeconds: 10,
        HealthCheckTimeoutSeconds: 5,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 3,
        Matcher: { HttpCode: '200' },
        TargetGroupAttributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: String(leavingSeconds) }],
      },
    },
    HttpListener: {
      comment: 'Without a certificate it carries the events; with one it redirects pages to TLS.',
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Properties: {
        LoadBalancerArn: ref('LoadBalancer'),
        Port: 80,
        Protocol: 'HTTP',
        DefaultActions: [
          when(
            'HasCertificate',
            { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
            unknownPath,
          ),
        ],
      },
    },
    HttpPublicPaths: publicRule('HttpListener', 'HasNoCertificate'),
    HttpsListener: {
      comment: 'TLS 1.2 and newer.',
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Condition: 'HasCertificate',
      Properties: {
        LoadBalancerArn: ref('LoadBalancer'),
        Port: 443,
        Protocol: 'HTTPS',
        SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
        Certificates: [{ CertificateArn: ref('CertificateArn') }],
        DefaultActions: [unknownPath],
      },
    },
    HttpsPublicPaths: publicRule('HttpsListener', 'HasCertificate'),
  };
}
