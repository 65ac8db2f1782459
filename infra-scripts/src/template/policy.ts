import type { Properties, Value } from './intrinsics.js';

/** One thing that a role may do. The tests know, by its Sid, which call of ours needs each action. */
export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: Value;
  Condition?: Properties;
}

/** A policy document of the statements. */
export const policy = (PolicyName: string, statements: Statement[]): Properties => ({
  PolicyName,
  PolicyDocument: { Version: '2012-10-17', Statement: statements as unknown as Value },
});

/** The trust policy of a role: the service that may assume it. */
export const trust = (service: string, condition?: Properties): Properties => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 'sts:AssumeRole',
      ...(condition ? { Condition: condition } : {}),
    },
  ],
});

/**
 * Session Manager on an instance: no SSH, no open port, no key. AWS's own policy for it, AmazonSSMManagedInstanceCore,
 * also reads every parameter of the account.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
 */
export const sessionStatement: Statement = {
  Sid: 'OpenSessions',
  Effect: 'Allow',
  Action: [
    'ssm:UpdateInstanceInformation',
    'ssmmessages:CreateControlChannel',
    'ssmmessages:CreateDataChannel',
    'ssmmessages:OpenControlChannel',
    'ssmmessages:OpenDataChannel',
  ],
  // The channels know no resource.
  Resource: '*',
};
