import { setTimeout as delay } from 'node:timers/promises';
import {
  type CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { type Output, stoppedError } from './output.js';

/** What a stack's status means for who waits. */
export type StackState = 'absent' | 'reviewing' | 'busy' | 'ready' | 'rolled back' | 'empty' | 'stuck';

/**
 * `empty`: a creation that was rolled back; nothing is in it, and it can only be deleted. `rolled back`: an update that
 * was; the stack is as it was before. `stuck`: a person must help.
 */
export function stateOf(status: string | undefined): StackState {
  if (status === undefined || status === 'DELETE_COMPLETE') return 'absent';
  if (status === 'REVIEW_IN_PROGRESS') return 'reviewing';
  if (status.endsWith('_IN_PROGRESS')) return 'busy';
  if (status === 'ROLLBACK_COMPLETE' || status === 'CREATE_FAILED') return 'empty';
  if (status === 'UPDATE_ROLLBACK_COMPLETE' || status === 'IMPORT_ROLLBACK_COMPLETE') return 'rolled back';
  return status.endsWith('_FAILED') ? 'stuck' : 'ready';
}

/** How to wait for AWS. */
export interface Waits {
  signal?: AbortSignal | undefined;
  /** Between two looks. */
  pauseMs?: number | undefined;
}

/** The stack, or undefined when there is none. A stack that is gone is found by its id only. */
export async function findStack(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks[0];
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message))
      return undefined;
    throw error;
  }
}

/** The events since one, oldest first; all of them without one. */
async function eventsSince(
  client: CloudFormationClient,
  stackId: string,
  lastId: string | undefined,
): Promise<StackEvent[]> {
  const found: StackEvent[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeStackEventsCommand({ StackName: stackId, ...(NextToken ? { NextToken } : {}) }),
    );
    for (const event of page.StackEvents ?? []) {
      if (event.EventId === lastId) return found.reverse();
      found.push(event);
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found.reverse();
}

/** How a stack came to rest. */
export interface Outcome {
  status: string;
  state: StackState;
  /** What failed first, and what it said; not what was cancelled because of it. */
  failures: { resource: string; type: string; reason: string }[];
}

/**
 * Waits until the stack is no longer busy, and tells each event once.
 * @param since the last event from before, so that old failures are not told again
 * @throws MillraceError `STOPPED` when the signal is aborted
 */
export async function waitForStack(
  client: CloudFormationClient,
  stackId: string,
  output: Output,
  options: Waits & { since?: string | undefined; resources?: number | undefined } = {},
): Promise<Outcome> {
  let last = options.since;
  const done = new Set<string>();
  const failures: Outcome['failures'] = [];
  for (;;) {
    if (options.signal?.aborted) throw stoppedError();
    const status = (await findStack(client, stackId))?.StackStatus;
    for (const event of await eventsSince(client, stackId, last)) {
      last = event.EventId;
      tell(event, done, failures, output, options.resources);
    }
    const state = stateOf(status);
    if (state !== 'busy' && state !== 'reviewing') return { status: status ?? 'DELETE_COMPLETE', state, failures };
    await delay(options.pauseMs ?? 3_000, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {
      throw stoppedError();
    });
  }
}

function tell(
  event: StackEvent,
  done: Set<string>,
  failures: Outcome['failures'],
  output: Output,
  resources: number | undefined,
): void {
  const { LogicalResourceId: resource = '', ResourceType: type = '', ResourceStatus: status = '' } = event;
  const reason = event.ResourceStatusReason ?? '';
  // The stack's own events only repeat its resources'.
  if (type === 'AWS::CloudFormation::Stack') return;
  if (status.endsWith('_FAILED')) {
    output.line(`${resource} (${type}): ${status}: ${reason}`);
    if (!/cancelled/i.test(reason)) failures.push({ resource, type, reason });
  } else if (status.endsWith('_COMPLETE')) {
    done.add(resource);
    const of = resources === undefined ? '' : ` of ${resources}`;
    output.progress(`${done.size}${of} resources: ${resource} ${status.toLowerCase().replaceAll('_', ' ')}`);
  }
}

/** The id of the newest event, to begin after it. */
export async function newestEvent(client: CloudFormationClient, stackId: string): Promise<string | undefined> {
  const page = await client.send(new DescribeStackEventsCommand({ StackName: stackId }));
  return page.StackEvents?.[0]?.EventId;
}
