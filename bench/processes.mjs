// What the operating system accounts to a process: resident memory and CPU time. Linux only (/proc).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sum } from './statistics.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const millraceBin = join(root, 'infra-scripts/bin/millrace.js');
export function temporaryState() {
  const state = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  return { state, remove: () => rmSync(state, { recursive: true, force: true, maxRetries: 5 }) };
}

const scheduled = (path) => Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e9;

/** Resident bytes now, and CPU seconds so far: of all threads, and of the one that runs the event loop. */
export function usage(pid) {
  const residentPages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  const threads = readdirSync(`/proc/${pid}/task`);
  return {
    rssBytes: residentPages * 4096,
    cpuSeconds: sum(threads.map((thread) => scheduled(`/proc/${pid}/task/${thread}/schedstat`))),
    loopSeconds: scheduled(`/proc/${pid}/schedstat`),
  };
}

/** The process and all that it started, and they in turn. */
export function processTree(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
  return [pid, ...children.flatMap(processTree)];
}

/** Proportional memory in bytes: what processes share counts once. */
export const proportionalBytes = (pids) =>
  sum(pids.map((pid) => Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024));

/** Resident memory of processes while something runs: before, and at most. */
export function watchMemory(pids) {
  const now = () => sum(pids.map((pid) => usage(pid).rssBytes));
  const before = now();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, now());
  }, 100);
  return {
    stop() {
      clearInterval(timer);
      return { before, most, grownMiB: (most - before) / 2 ** 20 };
    },
  };
}

/**
 * Starts a millrace server and waits until each part has said where it is. `project` may be another checkout, `nodeArgs` such as
 * `--cpu-prof`.
 */
export async function serve(state, args, parts, { env = {}, project = root, nodeArgs = [] } = {}) {
  const child = spawn(process.execPath, [...nodeArgs, join(project, 'infra-scripts/bin/millrace.js'), ...args], {
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
        if (processTree(child.pid).includes(found.pid)) urls[part] = found.url;
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
