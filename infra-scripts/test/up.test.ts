import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { needs } from '@millrace/testing/needs';
import { adviceFor } from '../src/deploy/advice.js';
import { checkOf } from '../src/deploy/check.js';
import { merged, recordedIn } from '../src/deploy/deployment.js';
import { down } from '../src/deploy/down.js';
import { stateOf } from '../src/deploy/stack.js';
import { statusOf } from '../src/deploy/status.js';
import { type UpOptions, up } from '../src/deploy/up.js';
import { type Fault, lake, listener, type Moto, region, release, startMoto, upOptions } from './up-moto.js';

needs('moto').describe('millrace up, status and down against moto', () => {
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
  const stackOf = async () => {
    try {
      return (await moto.clients().cloudFormation.send(new DescribeStacksCommand({ StackName: 'millrace' })))
        .Stacks?.[0];
    } catch {
      return undefined;
    }
  };
  const operations = () => moto.calls.map(({ operation }) => operation);

  test('up, status, up with a change, up again, down: each does what it says, and the lake stays', async () => {
    const deployed = await up(options());
    expect(heard.questions).toEqual(['Create it?']);
    expect(heard.text()).toMatch(
      /millrace in us-east-1 \(account 123456789012\): \d+ resources\.\nAbout \$\d+ a month at 100 events\/s/,
    );
    // It returns when Firehose reads: the event of the check is sent after that.
    expect(heard.lines.at(-1)).toBe('delivery stream clickstream-to-s3: ACTIVE');
    expect(checkOf(deployed!)).toEqual({
      collectorUrl: deployed!.outputs.CollectorUrl,
      writeKey: deployed!.writeKeys[0],
      lake,
      bufferIntervalSeconds: 60,
      format: 'json',
    });
    expect(deployed).toMatchObject({ changed: true, outputs: { LakeBucketName: lake, StreamName: 'clickstream' } });
    const { Parameter } = await moto
      .clients()
      .ssm.send(new GetParameterCommand({ Name: '/millrace/write-keys', WithDecryption: true }));
    expect(Parameter).toMatchObject({ Type: 'SecureString', Value: deployed!.writeKeys[0] });
    expect(deployed!.writeKeys[0]).toMatch(/^[A-Za-z0-9_-]{20}$/);

    expect(await statusOf(moto.clients(), 'millrace')).toMatchObject({
      stack: 'CREATE_COMPLETE',
      deliveryStream: 'ACTIVE',
      outputs: { LakeBucketName: lake },
      parameters: { Origins: 'https://shop.example', Lake: 'create' },
    });

    heard = listener();
    const changed = await up(
      options({
        output: heard.output,
        wanted: { name: 'millrace', settings: { shards: 4 }, parameters: { MaxServers: '8' } },
      }),
    );
    expect(heard.questions).toEqual(['Change it?']);
    expect(heard.text()).toMatch(/~.* Stream \(AWS::Kinesis::Stream\)/);
    expect(changed?.deployment).toMatchObject({
      settings: { shards: 4 },
      parameters: { Origins: 'https://shop.example', MaxServers: '8' },
    });
    // The key is kept, the release is not uploaded twice, and the bucket that the stack made stays the stack's.
    expect(changed?.writeKeys).toEqual(deployed?.writeKeys);
    expect(heard.text()).toContain(`release ${release.name}: there`);
    expect((await statusOf(moto.clients(), 'millrace')).parameters).toMatchObject({ Lake: 'create', MaxServers: '8' });

    await moto
      .clients()
      .s3.send(new PutObjectCommand({ Bucket: lake, Key: 'page=books/event=liked_item/x', Body: 'x' }))
      .catch(() => undefined);
    heard = listener();
    moto.calls.length = 0;
    // One server still sends on what it holds, for two looks.
    let looks = 0;
    moto.plant(({ operation }) => {
      if (operation !== 'DescribeInstanceInformation') return undefined;
      looks += 1;
      return { InstanceInformationList: looks < 3 ? [{ InstanceId: 'i-1', PingStatus: 'Online' }] : [] };
    });
    expect(
      await down({ clients: moto.clients(), name: 'millrace', region, output: heard.output, drainMs: 10, pauseMs: 20 }),
    ).toBe(true);
    expect(looks).toBe(3);
    const steps = ['UpdateStack', 'DescribeInstanceInformation', 'DeleteStack', 'DeleteBucket'];
    const order = operations().filter((each, at, all) => steps.includes(each) && all.lastIndexOf(each) === at);
    expect(order).toEqual(['UpdateStack', 'DescribeInstanceInformation', 'DeleteStack']);
    expect(moto.calls.find(({ operation }) => operation === 'UpdateStack')!.input).toMatchObject({
      Parameters: expect.arrayContaining([
        { ParameterKey: 'Serving', ParameterValue: 'no' },
        { ParameterKey: 'MaxServers', UsePreviousValue: true },
        { ParameterKey: 'Origins', UsePreviousValue: true },
      ]),
    });
    expect(heard.questions[0]).toContain(`The lake ${lake} stays.`);
    expect(await statusOf(moto.clients(), 'millrace')).toMatchObject({ stack: 'absent' });
  }, 240_000);

  test('nothing to change: nothing is changed, and it says so', async () => {
    await up(options());
    heard = listener();
    const nothing: Fault = ({ operation }) =>
      operation === 'DescribeChangeSet'
        ? { Status: 'FAILED', StatusReason: "The submitted information didn't contain changes." }
        : undefined;
    moto.plant(nothing);
    expect(await up(options({ output: heard.output }))).toMatchObject({ changed: false });
    expect(heard.text()).toContain('Nothing to change.');
    expect(heard.questions).toEqual([]);
  }, 120_000);

  test('who says no has nothing created: no stack, no key, no bucket', async () => {
    heard = listener(() => false);
    expect(await up(options({ output: heard.output }))).toBeUndefined();
    expect(operations().filter((each) => /^(Create|Put|Execute|Delete)/.test(each))).toEqual([]);
  });

  test('who says no to a change keeps what is deployed', async () => {
    await up(options());
    heard = listener((question) => question !== 'Change it?');
    expect(
      await up(options({ output: heard.output, wanted: { name: 'millrace', settings: { shards: 9 } } })),
    ).toBeUndefined();
    expect((await stackOf())?.StackStatus).toBe('CREATE_COMPLETE');
    expect(operations().filter((each) => each === 'ExecuteChangeSet')).toHaveLength(1);
  }, 120_000);

  test('a lake that an earlier stack left is taken up, not made again', async () => {
    await moto.clients().s3.send(new CreateBucketCommand({ Bucket: lake }));
    await up(options());
    expect((await statusOf(moto.clients(), 'millrace')).parameters.Lake).toBe('use');
  }, 120_000);

  test('a stack of somebody else, or of another size, is not touched', async () => {
    await up(options());
    await expect(up(options({ wanted: { name: 'millrace', size: 'trial' } }))).rejects.toThrow(/deployed as standard/);
    moto.plant(({ operation }) => (operation === 'GetTemplate' ? { TemplateBody: 'Resources: {}' } : undefined));
    await expect(up(options())).rejects.toThrow(/not one of Millrace/);
  }, 120_000);

  test('a trial has one server and no question about its size afterwards', async () => {
    await up(
      options({ wanted: { name: 'millrace', size: 'trial', settings: { shards: 1 }, parameters: { Origins: '*' } } }),
    );
    const again = await up(options({ wanted: { name: 'millrace', parameters: { LingerMs: '100' } } }));
    expect(again?.deployment).toMatchObject({ size: 'trial', parameters: { Origins: '*', LingerMs: '100' } });
  }, 120_000);

  test('a new stack spreads as its rate recommends, and keeps that until another way is asked for', async () => {
    const spreadIn = async () =>
      (await stackOf())?.Parameters?.find(({ ParameterKey }) => ParameterKey === 'Spread')?.ParameterValue;
    const change = async (parameters: Record<string, string>, eventsPerSecond?: number) => {
      heard = listener();
      await up(options({ output: heard.output, wanted: { name: 'millrace', parameters }, eventsPerSecond }));
      return heard.text();
    };
    const at = '50,000 events/s.';
    const created = await change({ Origins: '*', MinServers: '20', MaxServers: '40' }, 50_000);
    expect(created).toMatch(
      new RegExp(`Spread: even, as recommended at ${at}\\n {2}visitor \\$[\\d,]+ a month, even \\$`),
    );
    expect(await spreadIn()).toBe('even');
    expect(await change({ MaxServers: '41' })).toContain('Spread: even, as it is deployed.');
    expect(await spreadIn()).toBe('even');
    expect(await change({ Spread: 'visitor' }, 50_000)).toContain(
      `Spread: visitor, as asked; even is recommended at ${at}`,
    );
    expect(await spreadIn()).toBe('visitor');
    expect(await change({ MaxServers: '42' }, 50_000)).toContain(
      `Spread: visitor, as it is deployed; even is recommended at ${at}`,
    );
    expect(await spreadIn()).toBe('visitor');
  }, 120_000);

  test('servers that leave no room for a new one beside the old are refused before anything is made', async () => {
    const parameters = { Origins: '*', MinServers: '6' };
    await expect(up(options({ wanted: { name: 'millrace', parameters } }))).rejects.toThrow(
      '6 servers at most leave no room beside 6 at least: a change brings a new server before an old one goes. Pass --max-servers 7 or more',
    );
    expect(operations().filter((each) => /^(Create|Put|Execute|Delete)/.test(each))).toEqual([]);
  });

  test('data goes only when the name of the lake is typed', async () => {
    await up(options());
    const { s3 } = moto.clients();
    await s3.send(new HeadBucketCommand({ Bucket: lake }));
    await s3.send(new PutObjectCommand({ Bucket: lake, Key: 'page=books/event=liked_item/x.gz', Body: 'x' }));
    const quiet = { clients: moto.clients(), name: 'millrace', region, output: heard.output, drainMs: 0, pauseMs: 20 };
    await expect(down({ ...quiet, deleteData: 'millrace-lake' })).rejects.toThrow(
      `is not the lake's name, which is ${lake}: nothing was done`,
    );
    expect((await stackOf())?.StackStatus).toBe('CREATE_COMPLETE');
    await down({ ...quiet, deleteData: lake });
    await expect(s3.send(new HeadBucketCommand({ Bucket: lake }))).rejects.toMatchObject({ name: 'NotFound' });
    expect(operations()).toContain('ListObjectVersions');
    expect(heard.questions.at(-1)).toContain(`The lake ${lake} and every event in it go, for good.`);
  }, 120_000);
});

describe('what is known of a stack', () => {
  test.each([
    [undefined, 'absent'],
    ['DELETE_COMPLETE', 'absent'],
    ['REVIEW_IN_PROGRESS', 'reviewing'],
    ['CREATE_IN_PROGRESS', 'busy'],
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'busy'],
    ['UPDATE_ROLLBACK_IN_PROGRESS', 'busy'],
    ['CREATE_COMPLETE', 'ready'],
    ['UPDATE_COMPLETE', 'ready'],
    ['ROLLBACK_COMPLETE', 'empty'],
    ['UPDATE_ROLLBACK_COMPLETE', 'rolled back'],
    ['UPDATE_ROLLBACK_FAILED', 'stuck'],
    ['DELETE_FAILED', 'stuck'],
  ])('%s is %s', (status, state) => {
    expect(stateOf(status)).toBe(state);
  });

  test('what is wanted lies over what is deployed; what is set each time is not carried on', () => {
    const recorded = recordedIn({
      Metadata: { Millrace: { size: 'trial', settings: { shards: 1, bufferSizeMiB: 128 } } },
    });
    expect(recorded).toEqual({ size: 'trial', settings: { shards: 1, bufferSizeMiB: 128 } });
    expect(
      merged({ name: 'm', settings: { shards: 2 }, parameters: { Origins: '*' } }, recorded, [
        { ParameterKey: 'Origins', ParameterValue: 'https://a.example' },
        { ParameterKey: 'LingerMs', ParameterValue: '20' },
        { ParameterKey: 'ReleaseKey', ParameterValue: 'old' },
      ]),
    ).toEqual({
      name: 'm',
      size: 'trial',
      settings: { shards: 2, bufferSizeMiB: 128 },
      parameters: { Origins: '*', LingerMs: '20' },
    });
    expect(recordedIn({ Resources: {} })).toBeUndefined();
  });

  test('failures that people meet have advice', () => {
    for (const reason of [
      'Firehose is unable to assume role x',
      'millrace-lake-1 already exists',
      'The maximum number of VPCs has been reached.',
      'User: x is not authorized to perform: iam:CreateRole',
      'Received 1 FAILURE signal(s) out of 2',
      'Certificate ARN is not valid',
    ])
      expect(adviceFor(reason)).toBeDefined();
  });
});
