// What the operating system accounts to a process: resident memory and CPU time. Linux only (/proc).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const millraceBin = join(root, 'infra-scripts/bin/millrace.js');
const ticksPerSecond = 100;

export function temporaryState() {
  const state = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  return { state, remove: () => rmSync(state, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Resident bytes now and CPU seconds so far. */
export function usage(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const residentPages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { rssBytes: residentPages * 4096, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond };
}

/** Starts a millrace server and waits until each part has said where it is. */
export async function serve(state, args, parts, env = {}) {
  const child = spawn(process.execPath, [millraceBin, ...args], {
    env: { ...process.env, MILLRACE_STATE: state, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const urls = {};
  while (Object.keys(urls).length < parts.length) {
    if (child.exitCode !== null) throw new Error(`millrace ${args.join(' ')} ended with ${child.exitCode}:\n${errors}`);
    for (const part of parts) {
      try {
        const found = JSON.parse(readFileSync(join(state, 'run', `${part}.json`), 'utf8'));
        if (found.pid === child.pid) urls[part] = found.url;
      } catch {
        // Not there yet.
      }
    }
    await sleep(50);
  }
  return {
    pid: child.pid,
    urls,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Objects below `page=` and their bytes. */
export function lakeObjects(state) {
  const folder = join(state, 's3', 'millrace-lake');
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((key) => key.startsWith('page=') && statSync(join(folder, key)).isFile())
      .map((key) => join(folder, key));
  } catch {
    return [];
  }
}
