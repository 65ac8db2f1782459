import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import { CreateStreamCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { startEmbeddedAws } from '@millrace/embedded-aws';
import type { Call } from '@millrace/testing/botocore';
import { borrowMoto } from '@millrace/testing/moto';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Output } from '../src/deploy/output.js';
import type { UpOptions } from '../src/deploy/up.js';
import { definePipeline } from '../src/pipeline/definition.js';
import { clientConfig } from '../src/targets/aws-client-config.js';
import { type AwsClients, destroyClients, loadAwsClients } from '../src/targets/aws-clients.js';
import { lakeName } from '../src/template/names.js';

export type { Call } from '@millrace/testing/botocore';

export const region = 'us-east-1';
/** Moto's account. */
const accountId = '123456789012';
export const lake = lakeName(definePipeline().settings, accountId, region);
export const release = { name: 'millrace-0.2.0-test.tgz', bytes: Buffer.from('a release') };
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** What Moto has not, or holds against plain HTTP whatever the condition says: noted, and not sent. */
const notInMoto: Record<string, object> = {
  PutBucketPolicy: {},
  DescribeInstanceInformation: { InstanceInformationList: [] },
};

/** Answers a call in AWS's stead; undefined lets it through. Throwing is an error of AWS's. */
export type Fault = (call: Call) => object | undefined;

/**
 * Moto with real AWS SDK clients. Its CloudFormation passes over the delivery stream, so that one is created on the embedded AWS, with the
 * definition's own request, when a change set has been executed. Moto gives a stack made by a change set no outputs, and does not
 * carry parameters on, and stumbles over the order in which a network is deleted: all three are put right here.
 */
export async function startMoto() {
  const moto = await borrowMoto();
  const { endpoint } = moto;
  const aws = await startEmbeddedAws({ timeScale: 1_000 });

  const embedded = { endpoint: aws.url, region, credentials };
  const firehose = new FirehoseClient(embedded);
  const kinesis = new KinesisClient({ ...embedded, requestHandler: new NodeHttpHandler() });
  const calls: Call[] = [];
  let faults: Fault[] = [];
  let after: (call: Call) => void = () => {};
  const open: Clients[] = [];
  const makeClients = await loadAwsClients(['cloudFormation', 'firehose', 'logs', 's3', 'ssm', 'sts']);
  const lastParameters = new Map<string, string>();
  let gone = false;

  const deliveryStream = async () => {
    const { settings } = definePipeline();
    const pipeline = definePipeline({ accountId: '000000000000', bucket: lakeName(settings, accountId, region) });
    const ignoreExisting = (error: Error) => {
      if (error.name !== 'ResourceInUseException') throw error;
    };
    await kinesis.send(new CreateStreamCommand({ StreamName: settings.stream, ShardCount: 1 })).catch(ignoreExisting);
    await firehose.send(new CreateDeliveryStreamCommand(pipeline.deliveryStream)).catch(ignoreExisting);
  };

  function clients(): Clients {
    process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
    const made = {
      ...makeClients(clientConfig({ region, endpoint, maxAttempts: 8 })),
      firehose: new FirehoseClient({ ...embedded, maxAttempts: 8 }),
    };
    open.push(made);
    for (const [service, client] of Object.entries(made)) {
      // biome-ignore lint/suspicious/noExplicitAny: one middleware for clients of six services.
      (client as any).middlewareStack.add(
        // biome-ignore lint/suspicious/noExplicitAny: as above.
        (next: any, context: any) => async (args: any) => {
          const call: Call = {
            service: service.toLowerCase(),
            operation: String(context.commandName).replace(/Command$/, ''),
            input: args.input,
          };
          calls.push(call);
          const answer = faults.map((fault) => fault(call)).find((each) => each !== undefined);
          if (answer !== undefined) return { output: { $metadata: {}, ...answer }, response: {} };
          const stub = notInMoto[call.operation];
          if (stub) {
            after(call);
            return { output: { $metadata: {}, ...stub }, response: {} };
          }
          if (gone && call.operation === 'DescribeStackEvents')
            return { output: { $metadata: {}, StackEvents: [] }, response: {} };
          if (gone && call.operation === 'DescribeStacks') {
            throw Object.assign(new Error('Stack with id millrace does not exist'), { name: 'ValidationError' });
          }
          const result = await next({ ...args, input: asMotoWants(call, lastParameters) }).catch((error: Error) => {
            if (error.name !== 'DependencyViolation') throw error;
            gone = true;
            return { output: { $metadata: {} }, response: {} };
          });
          addOutputs(call, result.output);
          if (call.operation === 'ExecuteChangeSet') await deliveryStream();
          after(call);
          return result;
        },
        { step: 'initialize', name: 'recorder' },
      );
    }
    return made;
  }

  return {
    endpoint,
    clients,
    calls,
    /** From now on, until the next call of it. */
    plant(...planted: Fault[]) {
      faults = planted;
    },
    /** Called when AWS has done what it was asked for; throwing loses its answer. */
    afterEachCall(heard: (call: Call) => void = () => {}) {
      after = heard;
    },
    async reset() {
      faults = [];
      after = () => {};
      gone = false;
      calls.length = 0;
      await moto.reset();
    },
    async close() {
      for (const each of open) destroyClients(each);
      firehose.destroy();
      kinesis.destroy();
      await aws.stop();
      await moto.giveBack();
    },
  };
}

interface StackParameter {
  ParameterKey: string;
  ParameterValue?: string;
}

/** Every parameter by its value, as it was given last; Moto takes an image's name only, not its own answer to it. */
function asMotoWants({ operation, input }: Call, last: Map<string, string>): object {
  if (operation !== 'CreateChangeSet' && operation !== 'UpdateStack') return input;
  if (input.ChangeSetType === 'CREATE') last.clear();
  const Parameters = (input.Parameters as StackParameter[]).flatMap(({ ParameterKey, ParameterValue }) => {
    if (ParameterValue !== undefined) last.set(ParameterKey, ParameterValue);
    const value = last.get(ParameterKey);
    return value === undefined ? [] : [{ ParameterKey, ParameterValue: value }];
  });
  return { ...input, Parameters };
}

function addOutputs({ operation }: Call, output: { Stacks?: { StackStatus?: string; Outputs?: object[] }[] }): void {
  if (operation !== 'DescribeStacks') return;
  const { settings } = definePipeline();
  const outputs = {
    CollectorUrl: 'http://balancer.example',
    StreamName: settings.stream,
    DeliveryStreamName: settings.deliveryStream,
    LakeBucketName: lakeName(settings, accountId, region),
  };
  for (const stack of output.Stacks ?? []) {
    if (stack.Outputs?.length || !stack.StackStatus?.endsWith('_COMPLETE')) continue;
    stack.Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  }
}

/** The clients of a deployment. */
type Clients = Omit<AwsClients, 'kinesis'>;

export type Moto = Awaited<ReturnType<typeof startMoto>>;

/** Somebody who hears what is said, and answers each question. */
export function listener(answer: (question: string) => boolean = () => true) {
  const lines: string[] = [];
  const questions: string[] = [];
  const output: Output = {
    line: (text) => lines.push(text),
    progress: () => {},
    async confirm(question) {
      questions.push(question);
      return answer(question);
    },
  };
  return { lines, questions, output, text: () => lines.join('\n') };
}

/** What an `up` is given, unless a test says otherwise. */
export const upOptions = (moto: Moto, output: Output, change: Partial<UpOptions> = {}): UpOptions => ({
  clients: moto.clients(),
  region,
  wanted: { name: 'millrace', settings: { shards: 2 }, parameters: { Origins: 'https://shop.example' } },
  output,
  release: async () => release,
  pauseMs: 20,
  ...change,
});
