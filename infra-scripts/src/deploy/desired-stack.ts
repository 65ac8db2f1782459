import { GetTemplateCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { parse } from 'yaml';
import { definePipeline } from '../pipeline/definition.js';
import type { AwsClients } from '../targets/aws-clients.js';
import { lakeName } from '../template/names.js';
import { makeTemplate } from '../template/template.js';
import { templateYaml } from '../template/yaml.js';
import { type Deployment, merged, recordedIn, type Wanted } from './deployment.js';
import { deployError } from './output.js';

/** The stack as it should be. */
export interface DesiredStack {
  deployment: Deployment;
  accountId: string;
  /** The lake's bucket. */
  lake: string;
  /** The SSM parameter of the write keys. */
  writeKeysParameter: string;
  templateYaml: string;
  /** The parameters that the template has. */
  parameterNames: ReadonlySet<string>;
  resourceCount: number;
}

interface DesiredOptions {
  clients: Pick<AwsClients, 'cloudFormation'>;
  accountId: string;
  region: string;
  wanted: Wanted;
}

/**
 * What is wanted over what is deployed, as a stack. Reads, and changes nothing.
 * @throws MillraceError `DEPLOY_FAILED` when the stack is not Millrace's or of another size, or a setting is missing or
 * contradicts another
 */
export async function desiredStack(options: DesiredOptions, before: Stack | undefined): Promise<DesiredStack> {
  const { accountId, region, wanted } = options;
  const recorded = before && recordedIn(await templateOf(options));
  if (before && recorded === undefined) {
    throw deployError(`the stack ${wanted.name} is not one of Millrace: choose another name with --name`);
  }
  const deployment = merged(wanted, recorded, before?.Parameters ?? []);
  if (recorded && deployment.size !== recorded.size) {
    throw deployError(
      `${wanted.name} is deployed as ${recorded.size}; a ${deployment.size} one has other servers. Take it down first (the lake stays), or choose another name`,
    );
  }
  const { settings } = definePipeline({ ...deployment.settings, region, accountId });
  const lake = lakeName(settings, accountId, region);
  checkParameters(deployment);
  const described = makeTemplate(definePipeline(deployment.settings), deployment.size, deployment.settings);
  return {
    deployment,
    accountId,
    lake,
    writeKeysParameter: deployment.parameters.WriteKeysParameter ?? `/${wanted.name}/write-keys`,
    templateYaml: templateYaml(described, [`The stack ${wanted.name}, as millrace up made it.`]),
    parameterNames: new Set(Object.keys(described.template.Parameters)),
    resourceCount: Object.keys(described.template.Resources).length,
  };
}

function checkParameters({ size, parameters }: Deployment): void {
  const { Origins, MinServers = '2', MaxServers = '6' } = parameters;
  if (Origins === undefined)
    throw deployError('no origins given: name the pages that may send with --origins "https://shop.example"');
  if (size === 'standard' && Number(MinServers) >= Number(MaxServers)) {
    throw deployError(
      `${MaxServers} servers at most leave no room beside ${MinServers} at least: a change brings a new server before an old one goes. Pass --max-servers ${Number(MinServers) + 1} or more`,
    );
  }
}

async function templateOf({ clients, wanted }: DesiredOptions): Promise<unknown> {
  const { TemplateBody = '' } = await clients.cloudFormation.send(
    new GetTemplateCommand({ StackName: wanted.name, TemplateStage: 'Original' }),
  );
  return parse(TemplateBody);
}
