import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@millrace/testing/eventually';
import { hostNamespaces } from '@millrace/testing/needs';

const tools = fileURLToPath(new URL('../../../test/support/host-tools', import.meta.url));
/**
 * A fresh EC2 host: mounts and processes of its own on this machine, with stand-ins for systemd, dnf, the AWS CLI and instance metadata.
 * Scripts write to their true paths; outside, these lie below `folder`.
 */
export interface FreshHost {
  folder: string;
  /** Runs a script as root, as cloud-init runs user data. */
  run(script: string): Promise<{ code: number; output: string }>;
  /** The calls of the AWS CLI so far, each with its arguments. */
  awsCalls(): string[][];
  /** Makes calls of the AWS CLI fail, by their second word. */
  fail(operation: string): void;
  read(path: string): string;
  /** Ends all that runs on it, and removes it. */
  remove(): Promise<void>;
}

export async function freshHost(given: {
  release: Buffer;
  awsEnvironment: Record<string, string>;
}): Promise<FreshHost> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-host-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'fails'));
  cpSync(tools, join(folder, 'tools'), { recursive: true });
  writeFileSync(join(folder, 'release.tgz'), given.release);
  writeFileSync(join(folder, 'lifecycle'), 'InService');
  const environment = Object.entries(given.awsEnvironment).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(folder, 'aws-environment'), environment.join(''));
  const holder: ChildProcess = spawn(
    'unshare',
    [...hostNamespaces, 'bash', join(folder, 'tools/setup.sh'), folder, realpathSync(process.execPath)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  holder.stderr!.on('data', (data) => (said += data));
  await eventually('the host to be made', () => {
    if (holder.exitCode !== null) throw new Error(`the host ended: ${said}`);
    return existsSync(join(folder, 'ready'));
  });
  const [inside] = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').split(' ');

  return {
    folder,
    async run(script) {
      const file = join(folder, 'script');
      writeFileSync(file, script);
      const child = spawn('nsenter', ['--target', inside!, '--mount', '--pid', '--wd=/', 'bash', '/mnt/script'], {
        env: { PATH: '/mnt/tools:/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin', HOME: '/root' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
      // Services that it starts go on with its streams, so that these do not close.
      const [code] = (await once(child, 'exit')) as [number];
      return { code, output };
    },
    awsCalls: () =>
      existsSync(join(folder, 'aws-calls'))
        ? readFileSync(join(folder, 'aws-calls'), 'utf8')
            .split('\u001f\n')
            .filter((line) => line !== '')
            .map((line) => line.split('\u001f'))
        : [],
    fail: (operation) => writeFileSync(join(folder, 'fails', operation), ''),
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    async remove() {
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
