import { setTimeout as delay } from 'node:timers/promises';
import {
  type Change,
  type CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetCommandOutput,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import { deployError, stoppedError } from './output.js';

/** A change that CloudFormation has prepared and not made. */
export interface Prepared {
  id: string;
  stackId: string;
  /** Empty when nothing would change. */
  changes: Change[];
}

/** What a change set is asked for. */
export interface ChangeSetInput {
  stack: string;
  kind: 'CREATE' | 'UPDATE';
  templateUrl: string;
  /** What is undefined stays as it is deployed. */
  parameters: Record<string, string | undefined>;
}

/**
 * Asks CloudFormation what would change, and changes nothing.
 * @throws MillraceError `DEPLOY_FAILED` with its reason when it refuses the template.
 */
export async function prepare(
  client: CloudFormationClient,
  { stack, kind, templateUrl, parameters }: ChangeSetInput,
  options: { signal?: AbortSignal | undefined; pauseMs?: number | undefined } = {},
): Promise<Prepared> {
  const { Id, StackId } = await client.send(
    new CreateChangeSetCommand({
      StackName: stack,
      ChangeSetName: `millrace-${Date.now().toString(36)}`,
      ChangeSetType: kind,
      TemplateURL: templateUrl,
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) =>
        ParameterValue === undefined ? { ParameterKey, UsePreviousValue: true } : { ParameterKey, ParameterValue },
      ),
      Capabilities: ['CAPABILITY_IAM'],
      Tags: [{ Key: 'millrace', Value: stack }],
    }),
  );
  const prepared = { id: Id!, stackId: StackId! };
  for (;;) {
    if (options.signal?.aborted) throw stoppedError();
    const found = await client.send(new DescribeChangeSetCommand({ ChangeSetName: Id! }));
    if (found.Status === 'CREATE_COMPLETE') return { ...prepared, changes: await allChanges(client, found) };
    if (found.Status === 'FAILED') {
      if (/didn't contain changes|No updates are to be performed/i.test(found.StatusReason ?? '')) {
        await discard(client, { ...prepared, changes: [] }, kind);
        return { ...prepared, changes: [] };
      }
      await discard(client, { ...prepared, changes: [] }, kind);
      throw deployError(`CloudFormation refuses the change: ${found.StatusReason ?? 'it gives no reason'}`);
    }
    await delay(options.pauseMs ?? 2_000);
  }
}

async function allChanges(client: CloudFormationClient, first: DescribeChangeSetCommandOutput): Promise<Change[]> {
  const changes = [...(first.Changes ?? [])];
  for (let NextToken = first.NextToken; NextToken !== undefined; ) {
    const page: DescribeChangeSetCommandOutput = await client.send(
      new DescribeChangeSetCommand({ ChangeSetName: first.ChangeSetId!, NextToken }),
    );
    changes.push(...(page.Changes ?? []));
    NextToken = page.NextToken;
  }
  return changes;
}

/** Has CloudFormation make the prepared change. */
export async function execute(client: CloudFormationClient, { id }: Prepared): Promise<void> {
  await client.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
}

/** Takes a prepared change back; of a creation the empty stack goes with it. */
export async function discard(
  client: CloudFormationClient,
  { id, stackId }: Prepared,
  kind: 'CREATE' | 'UPDATE',
): Promise<void> {
  await client.send(new DeleteChangeSetCommand({ ChangeSetName: id }));
  if (kind === 'CREATE') await client.send(new DeleteStackCommand({ StackName: stackId }));
}

/** `+ Stream (AWS::Kinesis::Stream)`, `~ Stream …: Properties.ShardCount`, `! … is replaced`, `- …`. */
export function changeText({ ResourceChange: change }: Change): string {
  const { Action, LogicalResourceId, ResourceType, Replacement, Details = [] } = change ?? {};
  const what = `${LogicalResourceId} (${ResourceType})`;
  if (Action === 'Add') return `+ ${what}`;
  if (Action === 'Remove') return `- ${what}`;
  const places = [
    ...new Set(Details.map(({ Target }) => [Target?.Attribute, Target?.Name].filter(Boolean).join('.'))),
  ].filter((place) => place !== '');
  const mark = Replacement === 'True' ? '! replaced' : Replacement === 'Conditional' ? '~ perhaps replaced' : '~';
  return `${mark} ${what}${places.length > 0 ? `: ${places.join(', ')}` : ''}`;
}
