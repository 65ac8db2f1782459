import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { needs } from '@millrace/testing/needs';
import { down } from '../src/deploy/down.js';
import { statusOf } from '../src/deploy/status.js';
import { type UpOptions, up } from '../src/deploy/up.js';
import { type Call, type Fault, lake, listener, type Moto, region, startMoto, upOptions } from './up-moto.js';

/** Calls that change something at AWS. */
const changes = /^(Create|Put|Execute|Update|Delete)/;

needs('moto').describe('millrace up and down when something goes wrong', () => {
  let moto: Moto;
  let heard: ReturnType<typeof listener>;
  beforeAll(async () => {
    moto = await startMoto();
  }, 120_000);
  afterAll(() => moto.close());
  beforeEach(async () => {
    heard = listener();
    await moto.reset();
  });
  afterEach(() => moto.plant());

  const options = (change: Partial<UpOptions> = {}) => upOptions(moto, heard.output, change);
  const downOptions = (change: object = {}) => ({
    clients: moto.clients(),
    name: 'millrace',
    region,
    output: heard.output,
    drainMs: 0,
    pauseMs: 20,
    ...change,
  });
  const stackOf = async () =>
    (await moto.clients().cloudFormation.send(new DescribeStacksCommand({ StackName: 'millrace' }))).Stacks?.[0];
  const operations = () => moto.calls.map(({ operation }) => operation);

  test('throttling, of each call to each service, is waited out by the clients', async () => {
    const clients = moto.clients();
    const refused = new Set<string>();
    for (const client of Object.values(clients)) {
      // Below the clients' own retries, as a throttled service answers.
      // biome-ignore lint/suspicious/noExplicitAny: one middleware for clients of six services.
      (client as any).middlewareStack.add(
        // biome-ignore lint/suspicious/noExplicitAny: as above.
        (next: any, context: any) => async (args: any) => {
          if (refused.has(context.commandName)) return next(args);
          refused.add(context.commandName);
          throw Object.assign(new Error('Rate exceeded'), {
            name: 'ThrottlingException',
            $fault: 'client',
            $retryable: { throttling: true },
            $metadata: { httpStatusCode: 400 },
          });
        },
        { step: 'deserialize', name: 'throttle' },
      );
    }
    expect(await up(options({ clients }))).toMatchObject({ changed: true });
    await down(downOptions({ clients }));
    expect(refused.size).toBeGreaterThan(15);
    expect(await statusOf(moto.clients(), 'millrace')).toMatchObject({ stack: 'absent' });
  }, 240_000);

  /** A creation that CloudFormation rolls back: the resource that fails, and why; then the real stack again. */
  function rollsBack(times: number, resource: string, reason: string): Fault {
    let left = times;
    let failing = false;
    let gone = false;
    const at = (EventId: string, LogicalResourceId: string, ResourceStatus: string, ResourceStatusReason?: string) => ({
      EventId,
      StackId: 's',
      StackName: 'millrace',
      LogicalResourceId,
      ResourceType: 'AWS::KinesisFirehose::DeliveryStream',
      ResourceStatus,
      ResourceStatusReason,
    });
    return ({ operation }: Call) => {
      if (operation === 'ExecuteChangeSet' && left > 0) {
        left -= 1;
        failing = true;
        return {};
      }
      if (operation === 'DeleteStack') {
        if (failing) gone = true;
        failing = false;
      }
      // Moto never had a stack of that id: its events end with it.
      if (gone && operation === 'DescribeStackEvents') return { StackEvents: [] };
      if (operation === 'CreateChangeSet') gone = false;
      if (!failing) return undefined;
      if (operation === 'DescribeStacks')
        return {
          Stacks: [
            {
              StackName: 'millrace',
              StackId: 'millrace',
              StackStatus: 'ROLLBACK_COMPLETE',
              Parameters: [{ ParameterKey: 'Serving', ParameterValue: 'yes' }],
            },
          ],
        };
      if (operation === 'DescribeStackEvents')
        return {
          StackEvents: [
            at(`3-${left}`, 'Vpc', 'CREATE_FAILED', 'Resource creation cancelled'),
            at(`2-${left}`, resource, 'CREATE_FAILED', reason),
          ],
        };
      return undefined;
    };
  }

  test('a role that Firehose cannot take up yet: what was rolled back is removed, and it is tried again', async () => {
    moto.plant(
      rollsBack(2, 'DeliveryStream', 'Firehose is unable to assume role arn:aws:iam::1:role/x. Please check.'),
    );
    expect(await up(options())).toMatchObject({ changed: true });
    expect(heard.text().match(/transient failure, retrying \([23] of 3\)/g)).toHaveLength(2);
    expect((await stackOf())?.StackStatus).toBe('CREATE_COMPLETE');
  }, 120_000);

  test('any other roll-back names the resource, the reason and what to do, and the next up goes on from it', async () => {
    moto.plant(rollsBack(1, 'Servers', 'Received 1 FAILURE signal(s) out of 2.'));
    const failing = up(options());
    await expect(failing).rejects.toThrow(
      /millrace is ROLLBACK_COMPLETE\. What failed:\n {2}Servers \(.*\): Received 1 FAILURE signal\(s\) out of 2\.\n {4}a host did not start: `millrace logs`/,
    );
    await expect(failing).rejects.not.toThrow(/cancelled/);
    heard = listener();
    expect(await up(options({ output: heard.output }))).toMatchObject({ changed: true });
    expect(heard.text()).toMatch(/with nothing in it: removing it first/);
  }, 120_000);

  test('Ctrl-C in the middle of a creation: nothing is half known, and the next up waits for it and goes on', async () => {
    const stop = new AbortController();
    let busy = true;
    let looks = 0;
    moto.plant(({ operation }) => {
      if (operation !== 'DescribeStacks' || !busy || !operations().includes('ExecuteChangeSet')) return undefined;
      looks += 1;
      if (looks === 3) stop.abort();
      if (looks > 6) busy = false;
      return { Stacks: [{ StackName: 'millrace', StackId: 'millrace', StackStatus: 'CREATE_IN_PROGRESS' }] };
    });
    await expect(up(options({ signal: stop.signal }))).rejects.toMatchObject({ code: 'STOPPED' });
    heard = listener();
    expect(await up(options({ output: heard.output }))).toMatchObject({ outputs: { StreamName: 'clickstream' } });
    expect(heard.text()).toContain('waiting for what an earlier run began');
  }, 120_000);

  test('a change that AWS rolls back names the resource, and says that it is as it was before', async () => {
    await up(options());
    let failing = false;
    moto.plant(({ operation }) => {
      if (operation === 'ExecuteChangeSet') {
        failing = true;
        return {};
      }
      if (!failing) return undefined;
      if (operation === 'DescribeStacks')
        return {
          Stacks: [{ StackName: 'millrace', StackId: 'millrace', StackStatus: 'UPDATE_ROLLBACK_COMPLETE' }],
        };
      if (operation === 'DescribeStackEvents') {
        const event = { StackId: 's', StackName: 'millrace', ResourceType: 'AWS::Kinesis::Stream' };
        const reason = 'Limit exceeded for shards';
        return {
          StackEvents: [
            {
              ...event,
              EventId: '1',
              LogicalResourceId: 'Stream',
              ResourceStatus: 'UPDATE_FAILED',
              ResourceStatusReason: reason,
            },
          ],
        };
      }
      return undefined;
    });
    const failed = up(options({ wanted: { name: 'millrace', settings: { shards: 4 } } }));
    await expect(failed).rejects.toThrow(
      /UPDATE_ROLLBACK_COMPLETE[\s\S]*Stream \(AWS::Kinesis::Stream\): Limit exceeded for shards\n {4}a quota[\s\S]*It is as it was before\./,
    );
    moto.plant();
    expect(await up(options({ wanted: { name: 'millrace', settings: { shards: 4 } } }))).toMatchObject({
      deployment: { settings: { shards: 4 } },
    });
  }, 120_000);

  test('what was rolled back is removed by down at once: there is nothing to drain, and it takes no change', async () => {
    moto.plant(rollsBack(1, 'Servers', 'Received 1 FAILURE signal(s) out of 2.'));
    await expect(up(options())).rejects.toThrow(/ROLLBACK_COMPLETE/);
    moto.calls.length = 0;
    expect(await down(downOptions())).toBe(true);
    expect(operations().filter((each) => changes.test(each))).toEqual(['DeleteStack']);
  }, 120_000);

  test.each(['before', 'after'])(
    'killed %s each call that changes something: the next up goes on from there, until all is there',
    async (when) => {
      const killed: string[] = [];
      /** Lets what earlier runs were killed at pass; the process ends at the next change, its answer never seen. */
      const dieAtNext = () => {
        let dead = false;
        moto.plant(({ operation }) => {
          if (dead) throw new Error('dead');
          if (!changes.test(operation) || killed.includes(operation)) return undefined;
          dead = when === 'before';
          if (dead) {
            killed.push(operation);
            throw new Error('killed');
          }
          return undefined;
        });
        moto.afterEachCall(({ operation }) => {
          if (when === 'before' || dead || !changes.test(operation) || killed.includes(operation)) return;
          dead = true;
          killed.push(operation);
          throw new Error('killed');
        });
      };
      for (let run = 0; run < 20; run++) {
        dieAtNext();
        const done = await up(options()).then(
          () => true,
          (error: Error) => (/killed|dead/.test(error.message) ? false : Promise.reject(error)),
        );
        moto.plant();
        moto.afterEachCall();
        // At any moment the status tells what is there, and nothing that is not.
        const { stack } = await statusOf(moto.clients(), 'millrace');
        expect(['absent', 'REVIEW_IN_PROGRESS', 'CREATE_COMPLETE']).toContain(stack);
        if (done) break;
      }
      expect(killed).toEqual(
        expect.arrayContaining([
          'PutParameter',
          'CreateBucket',
          'PutBucketPolicy',
          'PutObject',
          'CreateChangeSet',
          'ExecuteChangeSet',
        ]),
      );
      expect(await up(options())).toMatchObject({ outputs: { StreamName: 'clickstream' } });
      expect((await stackOf())?.StackStatus).toBe('CREATE_COMPLETE');
    },
    240_000,
  );

  test('down that is stopped while servers drain: the next up puts them back, the next down goes on', async () => {
    await up(options());
    const stop = new AbortController();
    const draining: Fault = ({ operation }) =>
      operation === 'DescribeInstanceInformation'
        ? { InstanceInformationList: [{ InstanceId: 'i-1', PingStatus: 'Online' }] }
        : undefined;
    moto.plant((call) => {
      if (call.operation === 'DescribeInstanceInformation') stop.abort();
      return draining(call);
    });
    await expect(down(downOptions({ signal: stop.signal }))).rejects.toMatchObject({ code: 'STOPPED' });
    moto.plant();
    expect((await statusOf(moto.clients(), 'millrace')).parameters).toMatchObject({ Serving: 'no', MinServers: '2' });
    await up(options());
    expect((await statusOf(moto.clients(), 'millrace')).parameters).toMatchObject({ Serving: 'yes', MinServers: '2' });
    expect(await down(downOptions())).toBe(true);
  }, 120_000);

  test('down --delete-data that is stopped between the stack and its lake goes on with the lake', async () => {
    await up(options());
    const { s3 } = moto.clients();
    await s3.send(new PutObjectCommand({ Bucket: lake, Key: 'page=books/event=liked_item/x.gz', Body: 'x' }));
    moto.plant(({ operation }) => {
      if (operation === 'ListObjectVersions') throw new Error('killed');
      return undefined;
    });
    await expect(down(downOptions({ deleteData: lake }))).rejects.toThrow('killed');
    moto.plant();
    await expect(down(downOptions())).rejects.toThrow(/there is no stack millrace/);
    await expect(down(downOptions({ deleteData: 'somebody-elses' }))).rejects.toThrow(
      /is not a lake that one left: nothing was done/,
    );
    await s3.send(new HeadBucketCommand({ Bucket: lake }));
    expect(await down(downOptions({ deleteData: lake }))).toBe(true);
    await expect(s3.send(new HeadBucketCommand({ Bucket: lake }))).rejects.toMatchObject({ name: 'NotFound' });
  }, 120_000);
});
