// Before the tests: a folder for this run, and what several test files share, made when the first asks: servers that they
// take turns at, and the programs that they start. A file asks by HTTP, because it runs in a worker, and the server is to outlive it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundled, bundlePrograms, programs } from './bundle-programs.mjs';
import { startMotoServer } from './moto-server.mjs';

/** A folder in memory for temporary files, with room for them, whose files may run; undefined where there is none (Linux often has one). */
function memoryFolder() {
  const parent = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(parent);
    if (process.platform !== 'linux' || bavail * bsize < 2 ** 30) return undefined;
    const folder = mkdtempSync(join(parent, 'millrace-test-run-'));
    const script = join(folder, 'can-run');
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 });
    if (spawnSync(script).status === 0) return folder;
    rmSync(folder, { recursive: true });
  } catch {
    // Not there, or not ours.
  }
  return undefined;
}

export default async function setup() {
  const disk = tmpdir();
  const memory = memoryFolder();
  const folder = memory ?? mkdtempSync(join(disk, 'millrace-test-run-'));
  /** Each Moto, and whether a test file has it now. Two never share one: Moto forgets everything at a reset. */
  const motos = [];

  async function lendMoto() {
    let moto = motos.find(({ isLent }) => !isLent);
    if (!moto) {
      moto = { isLent: true };
      motos.push(moto);
      moto.server = await startMotoServer();
    }
    moto.isLent = true;
    return moto.server.endpoint;
  }

  let bundling;
  async function programOf(file) {
    if (!programs.includes(file)) throw new Error(`${file} is not in testing/jest/bundle-programs.mjs`);
    bundling ??= bundlePrograms(join(folder, 'programs'));
    await bundling;
    return bundled(join(folder, 'programs'), file);
  }

  const server = createServer(async (request, response) => {
    // Asked seldom: a connection that is kept would be closed just when a busy worker asks again.
    response.setHeader('connection', 'close');
    const { pathname, searchParams } = new URL(request.url, 'http://setup');
    try {
      if (pathname === '/moto/lend') response.end(await lendMoto());
      else if (pathname === '/program') response.end(await programOf(searchParams.get('file')));
      else if (pathname === '/moto/return') {
        const moto = motos.find(({ server }) => server?.endpoint === searchParams.get('endpoint'));
        if (moto) moto.isLent = false;
        response.end();
      } else response.writeHead(404).end();
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Jest may end without a teardown; nothing of this keeps it.
  server.unref();
  process.env.MILLRACE_TEST_RUN = folder;
  process.env.MILLRACE_TEST_DISK = disk;
  if (memory) process.env.TMPDIR = memory;
  process.env.MILLRACE_TEST_SERVERS = `http://127.0.0.1:${server.address().port}`;
  globalThis.millraceTestTeardown = async () => {
    server.close();
    server.closeAllConnections();
    await Promise.all(motos.map((moto) => moto.server?.close()));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
