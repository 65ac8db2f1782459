import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python } from '@millrace/testing/needs';
import { type Answer, CallError, type Caller } from './caller.js';

const script = fileURLToPath(new URL('../../../test/conformance/caller.py', import.meta.url));

/**
 * `cli`: the AWS CLI, argument by argument, in a process that stays, since starting it takes half a second. `botocore`: its library, and every
 * answer held against its models. `query`: the same by the protocol that older clients speak to CloudWatch.
 */
export function pythonCaller(mode: 'cli' | 'botocore' | 'query', endpoint: string): Caller {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-conformance-'));
  const child: ChildProcessWithoutNullStreams = spawn(python, [script, mode, endpoint], {
    cwd: folder,
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
      PYTHONWARNINGS: 'ignore',
    },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  async function ask(request: object): Promise<Answer> {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${script} ended:\n${said}`);
    const { answer, error, wrong } = JSON.parse(value) as Answer;
    if (error) throw new CallError(error.name, error.message);
    if (wrong?.length) throw new Error(`not by the model: ${wrong.join('; ')}`);
    return answer;
  }

  return {
    services: ['firehose', 'kinesis', 's3', 'cloudwatch', 'glue'],
    call(service, operation, input = {}) {
      const answer = last.then(() => ask({ service, operation, input }));
      last = answer.catch(() => undefined);
      return answer;
    },
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
