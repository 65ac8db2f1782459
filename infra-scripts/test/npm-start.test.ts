import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { event } from '@millrace/testing/lake-fixture';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { runningServer, type ServerName } from '../src/state/running-servers.js';
import { type Sandbox, sandbox } from './support/millrace.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const parts: ServerName[] = ['aws', 'ingest', 'store'];

let box: Sandbox;
let npm: ChildProcess | undefined;
afterEach(async () => {
  // Its group: whatever the test left of it.
  if (npm?.pid !== undefined)
    try {
      process.kill(-npm.pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  await box.remove();
});

const parentOf = (pid: number) => Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));

async function isFree(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const outcome = await Promise.race([once(socket, 'connect'), once(socket, 'error').then(() => 'refused')]).catch(
    () => 'refused',
  );
  socket.destroy();
  return outcome === 'refused';
}

/** As in a terminal: a group of its own. */
async function npmStart() {
  box = sandbox();
  const env: NodeJS.ProcessEnv = { ...process.env, MILLRACE_STATE: box.state };
  for (const name of Object.keys(env)) if (/^(AWS_|NODE_OPTIONS|npm_)/.test(name)) delete env[name];
  const args = ['start', '--', '--no-traffic', '--port', '0', '--ingest-port', '0', '--aws-port', '0', '--shards', '1'];
  npm = spawn('npm', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [npm.stdout!, npm.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const closed = once(npm, 'close');
  await eventually('npm start to run', () => {
    if (npm!.exitCode !== null) throw new Error(output);
    return parts.every((part) => runningServer(box.state, part)) && output.includes('Ctrl-C stops everything');
  });
  const urls = parts.map((part) => runningServer(box.state, part)!.url);
  const dev = runningServer(box.state, 'aws')!.pid;
  return { pids: { npm: npm.pid!, start: parentOf(dev), dev, all: -npm.pid! }, urls, closed, output: () => output };
}

const everyOne = (['npm', 'start', 'dev', 'all'] as const).flatMap((who) =>
  (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => ({ who, signal })),
);
const deadly = (['npm', 'start'] as const).map((who) => ({ who, signal: 'SIGKILL' as const }));
const short = [
  { who: 'npm', signal: 'SIGTERM' },
  { who: 'all', signal: 'SIGHUP' },
] as const;

describe(`npm start${leavesOut('2 of 14 ways to end it')}`, () => {
  test.each(
    inForm<readonly { who: keyof Awaited<ReturnType<typeof npmStart>>['pids']; signal: NodeJS.Signals }[]>(short, [
      ...everyOne,
      ...deadly,
    ]),
  )(
    '$signal to $who ends all of it, in order: ports free, nothing announced, and the next start delivers what was acknowledged',
    async ({ who, signal }) => {
      const { pids, urls, closed, output } = await npmStart();
      const { received_at: _, occurred_at: __, ...sent } = event();
      const body = JSON.stringify(sent);
      const answer = await fetch(`${urls[1]}/v1/events?key=demo`, { method: 'POST', body });
      expect(await answer.json()).toMatchObject({ accepted: 1 });
      process.kill(pids[who], signal);
      // Its output is closed once the last of its processes has ended.
      await closed;
      for (const url of urls) expect(await isFree(url)).toBe(true);
      expect(output()).toContain('"the ingest server has stopped","left_in_spool":0');
      expect(parts.filter((part) => runningServer(box.state, part))).toEqual([]);
      await box.serve(['aws', '--port', '0', '--time-scale', '600', '--no-pipeline'], ['aws']);
      await eventually('the event in the lake', () =>
        readdirSync(join(box.state, 's3/millrace-lake')).includes('page=books'),
      );
    },
  );
});
