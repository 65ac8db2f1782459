// A smoke test of what a person does first: `npm start` comes up, one event reaches the lake, and it stops. For systems where the tests
// are not run, and for other versions of Node: node scripts/smoke.mjs
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './prepare.mjs';

const state = mkdtempSync(join(tmpdir(), 'millrace-smoke-'));
const env = { ...process.env, MILLRACE_STATE: state };
const ports = ['--port', '0', '--ingest-port', '0', '--aws-port', '0'];
const start = spawn(process.execPath, [join(root, 'scripts/start.mjs'), '--no-traffic', ...ports], {
  cwd: root,
  env,
  stdio: 'inherit',
});
const ended = once(start, 'exit');

/** Tries again until `attempt` gives something, for ten minutes at most: `npm start` may have to install and build first. */
async function until(what, attempt) {
  for (const from = Date.now(); Date.now() - from < 600_000; await sleep(300)) {
    const found = await attempt();
    if (found !== undefined) return found;
    if (start.exitCode !== null) throw new Error(`npm start ended with ${start.exitCode}`);
  }
  throw new Error(`timed out waiting for ${what}`);
}

function running() {
  try {
    return JSON.parse(readFileSync(join(state, 'run', 'ingest.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

const id = (n) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const event = {
  event_id: id(1),
  event: 'liked_item',
  page: 'books',
  event_time: new Date().toISOString(),
  visitor_id: 'smoke-visitor',
  session_id: 'smoke-session',
  stream_id: 'smoke-stream',
  seq: 0,
  os: 'web',
  device: 'desktop',
  sdk: 'millrace-smoke/1.0.0',
};

/** The rows of our event, or undefined while the lake has none. */
function rows() {
  const sql = "select event_id from events where visitor_id = 'smoke-visitor'";
  const millrace = join(root, 'infra-scripts/bin/millrace.js');
  const { status, stdout } = spawnSync(process.execPath, [millrace, 'query', sql, '--json'], { env, encoding: 'utf8' });
  return status === 0 && stdout.includes(event.event_id) ? stdout.trim() : undefined;
}

try {
  const { url, pid } = await until('the ingest server', async () => running());
  const answer = await fetch(new URL('/v1/events?key=demo', url), {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: `${JSON.stringify(event)}\n`,
  });
  const { accepted } = await answer.json();
  if (answer.status !== 200 || accepted !== 1) throw new Error(`the ingest server answered ${answer.status}`);
  console.log(`smoke: in the lake: ${await until('the row', async () => rows())}`);
  // Windows has no SIGTERM: there the process ends at once.
  process.kill(pid, 'SIGTERM');
  await ended;
  console.log(`smoke: Node ${process.versions.node} on ${process.platform} works`);
} catch (error) {
  console.error(`smoke: ${error.message}`);
  process.exitCode = 1;
  start.kill();
} finally {
  await ended;
  rmSync(state, { recursive: true, force: true, maxRetries: 5 });
}
