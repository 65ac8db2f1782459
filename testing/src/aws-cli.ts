import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs, python } from './needs.js';

const script = fileURLToPath(new URL('../../aws_cli.py', import.meta.url));

/** What a call of the AWS CLI printed, and its exit code. */
export interface AwsCliAnswer {
  status: number;
  stdout: string;
  stderr: string;
}

/** The AWS CLI, for a test file to call. */
export interface AwsCli {
  /** Of every call: that of the tests, without any account, file or endpoint of AWS but those of the test. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs it to its end. */
  call(...args: string[]): Promise<AwsCliAnswer>;
  /** Its standard output. @throws Error its standard error, when it fails */
  text(...args: string[]): Promise<string>;
  /** Its standard output, in JSON; an object without members when it says nothing. @throws Error as `text` does */
  json<Answer>(...args: string[]): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Puts first on the PATH of `env` an `aws` that hands each call to one process, which has the CLI imported: to start it
 * anew for each call would take 0.4 s of CPU. Where that cannot be, `aws` stays what it is: with version 2, which is no
 * Python package; on Windows, which has no fork; on macOS, where a fork must not ask for the system's proxies.
 */
export async function openAwsCli(more: NodeJS.ProcessEnv = {}): Promise<AwsCli> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-aws-cli-'));
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    // The name that version 1 reads.
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    ...more,
  };
  let end = async () => {};
  if (process.platform === 'linux' && needs('aws-cli-in-python').areThere) {
    end = await startStandIn(folder, env);
    env.PATH = `${folder}${delimiter}${env.PATH}`;
  }
  const call = (...args: string[]) =>
    new Promise<AwsCliAnswer>((resolve, reject) => {
      const options = { env, maxBuffer: 2 ** 26 };
      const child = execFile('aws', args, options, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ status: child.exitCode!, stdout, stderr });
      });
      child.stdin?.end();
    });
  const text = async (...args: string[]) => {
    const { status, stdout, stderr } = await call(...args);
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  return {
    env,
    call,
    text,
    json: async <Answer>(...args: string[]) => JSON.parse((await text(...args, '--output', 'json')) || '{}') as Answer,
    async close() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Writes `aws` into a folder. The result ends the process behind it. */
async function startStandIn(folder: string, env: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  const child = spawn(python, [script, folder], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => {
      throw new Error(`${script} ended with ${code}`);
    }),
  ]);
  return async () => {
    child.stdin.end();
    await ended;
  };
}
