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

/** Session Manager on an instance: no SSH, no open port, no key. */
export const sessionManager = { 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore' };
