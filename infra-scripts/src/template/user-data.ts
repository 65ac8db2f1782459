import { base64, type Properties, sub } from './intrinsics.js';

/** What a host is told at its first start. All that it does is in the release's own scripts, which are tested. */
export interface HostSettings {
  /** The script of the release that makes the host what it is: `deploy/boot-server.sh`. */
  script: string;
  /** The resource that waits for the host's signal. */
  resource: string;
  /** Handed to the script. `${…}` is CloudFormation's. */
  environment: Record<string, string>;
}

/**
 * Fetches the release and runs its script. Whatever fails is signalled, so that the stack fails at once and not after a
 * quarter of an hour. Bash's own variables stand without braces: those with braces are CloudFormation's.
 */
export function userData({ script, resource, environment }: HostSettings): Properties {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  return base64(
    sub(
      [
        '#!/bin/bash',
        'set -euo pipefail',
        'export AWS_REGION=${AWS::Region} AWS_DEFAULT_REGION=${AWS::Region}',
        ...exports,
        'token=$(curl -fsS -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)',
        'INSTANCE_ID=$(curl -fsS -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)',
        'export INSTANCE_ID',
        'signal() {',
        `  aws cloudformation signal-resource --stack-name \${AWS::StackName} --logical-resource-id ${resource} --unique-id "$INSTANCE_ID" --status "$1"`,
        '}',
        "trap 'signal FAILURE' ERR",
        'aws s3 cp --only-show-errors s3://${ReleaseBucket}/${ReleaseKey} /tmp/millrace.tgz',
        'mkdir -p /opt/millrace',
        'tar -xzf /tmp/millrace.tgz -C /opt/millrace --strip-components=1 --no-same-owner',
        `bash /opt/millrace/deploy/${script}`,
        'signal SUCCESS',
        '',
      ].join('\n'),
    ),
  );
}
