import { type Resource, type Resources, ref } from './intrinsics.js';
import { serverPort } from './names.js';
import type { Size } from './size.js';

/** The addresses inside the network: those of the load balancer, seen from a server. */
export const networkBlock = '10.20.0.0/16';

const zone = (index: number) => ({ 'Fn::Select': [index, { 'Fn::GetAZs': '' }] });
const subnet = (name: string, index: number): Resource => ({
  comment: `Public, in the ${name} zone of the region.`,
  Type: 'AWS::EC2::Subnet',
  Properties: { VpcId: ref('Vpc'), CidrBlock: `10.20.${index}.0/24`, AvailabilityZone: zone(index) },
});
const routed = (name: string): Resource => ({
  comment: `Its route table.`,
  Type: 'AWS::EC2::SubnetRouteTableAssociation',
  Properties: { SubnetId: ref(name), RouteTableId: ref('RouteTable') },
});

/**
 * A network of its own, over two zones. No NAT gateway: the servers have public addresses for what they call, and
 * nothing gets in but what the groups let in.
 */
export function networkResources(size: Size): Resources {
  return {
    Vpc: {
      comment: 'A network of its own.',
      Type: 'AWS::EC2::VPC',
      Properties: { CidrBlock: networkBlock, EnableDnsSupport: true, EnableDnsHostnames: true },
    },
    InternetGateway: { comment: 'Its internet gateway.', Type: 'AWS::EC2::InternetGateway' },
    GatewayAttachment: {
      comment: 'Attaches the gateway to the network.',
      Type: 'AWS::EC2::VPCGatewayAttachment',
      Properties: { VpcId: ref('Vpc'), InternetGatewayId: ref('InternetGateway') },
    },
    RouteTable: {
      comment: 'One route table for all subnets.',
      Type: 'AWS::EC2::RouteTable',
      Properties: { VpcId: ref('Vpc') },
    },
    DefaultRoute: {
      comment: 'Routes everything outside the network to the gateway.',
      Type: 'AWS::EC2::Route',
      DependsOn: ['GatewayAttachment'],
      Properties: {
        RouteTableId: ref('RouteTable'),
        DestinationCidrBlock: '0.0.0.0/0',
        GatewayId: ref('InternetGateway'),
      },
    },
    SubnetA: subnet('first', 0),
    SubnetARoute: routed('SubnetA'),
    SubnetB: subnet('second', 1),
    SubnetBRoute: routed('SubnetB'),
    ServerSecurityGroup: {
      comment:
        size === 'trial'
          ? 'The server: its port from AllowedCidr, nothing else; no SSH. Out: TLS to AWS and to the package mirror.'
          : 'The servers: their port from the load balancer, nothing else; no SSH. Out: TLS to AWS and to the package mirror.',
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Millrace ingest servers',
        VpcId: ref('Vpc'),
        SecurityGroupIngress: [
          size === 'trial'
            ? {
                Description: 'Browsers',
                IpProtocol: 'tcp',
                FromPort: serverPort,
                ToPort: serverPort,
                CidrIp: ref('AllowedCidr'),
              }
            : {
                Description: 'The load balancer',
                IpProtocol: 'tcp',
                FromPort: serverPort,
                ToPort: serverPort,
                SourceSecurityGroupId: ref('BalancerSecurityGroup'),
              },
        ],
        SecurityGroupEgress: [outward],
      },
    },
  };
}

/** An egress rule: HTTPS to anywhere. */
export const outward = { Description: 'TLS', IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' };
