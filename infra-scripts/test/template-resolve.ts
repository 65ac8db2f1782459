import type { Value } from '../src/template/intrinsics.js';
import type { Template } from '../src/template/template.js';

export interface Surroundings {
  accountId: string;
  region: string;
  stackName?: string;
  parameters?: Record<string, string>;
  /** What a GetAtt or a Ref to a resource gives: `DeliveryRole.Arn`, `Stream`. */
  resources?: Record<string, string>;
}

/** A value of a template as CloudFormation would hand it to the service. */
export function resolveValue(value: Value, template: Template, around: Surroundings): unknown {
  const { accountId, region, stackName = 'millrace', parameters = {}, resources = {} } = around;
  const parameter = (name: string) => {
    const declared = template.Parameters[name] as { Default?: string } | undefined;
    return parameters[name] ?? declared?.Default;
  };
  const lookUp = (name: string): string => {
    const pseudo: Record<string, string> = {
      'AWS::AccountId': accountId,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::StackName': stackName,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/id`,
    };
    const found = pseudo[name] ?? parameter(name) ?? resources[name];
    if (found === undefined) throw new Error(`${name} is neither a parameter nor given as a resource`);
    return String(found);
  };
  const holds = (condition: unknown): boolean => {
    const [kind, operand] = Object.entries(condition as object)[0] as [string, never[]];
    if (kind === 'Fn::Not') return !holds(operand[0]);
    if (kind === 'Fn::Equals') return resolve(operand[0]!) === resolve(operand[1]!);
    throw new Error(`${kind} is no condition that is known here`);
  };
  const resolve = (each: Value): unknown => {
    if (Array.isArray(each)) return each.map(resolve).filter((one) => one !== undefined);
    if (typeof each !== 'object') return each;
    const entries = Object.entries(each);
    const [name, operand] = entries[0] ?? ['', ''];
    if (entries.length === 1) {
      if (name === 'Ref') return operand === 'AWS::NoValue' ? undefined : lookUp(operand as string);
      if (name === 'Fn::GetAtt') return lookUp((operand as string[]).join('.'));
      if (name === 'Fn::Sub')
        return (operand as string)
          .replace(/\$\{([^!}]+)\}/g, (_, inner: string) => lookUp(inner))
          .replace(/\$\{!/g, '${');
      if (name === 'Fn::Join') return (resolve((operand as [string, Value])[1]) as string[]).join(operand[0 as never]);
      if (name === 'Fn::Base64') return resolve(operand);
      if (name === 'Fn::If') {
        const [condition, then, otherwise] = operand as [string, Value, Value];
        return resolve(holds(template.Conditions[condition]) ? then : otherwise);
      }
    }
    return Object.fromEntries(
      entries.map(([member, one]) => [member, resolve(one)]).filter(([, one]) => one !== undefined),
    );
  };
  return resolve(value);
}
