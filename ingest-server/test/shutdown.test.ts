import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { cleanUp, temporaryFolder } from './support/app.js';
import { startProcess } from './support/crashes.js';
import { startSilentStream } from './support/silent-stream.js';

afterEach(cleanUp);

/**
 * What a process that was killed leaves behind in its spool: the next asks the stream about its last moments before it
 * listens.
 */
const left = 'lock.999999.1';

test.each(['SIGTERM', 'SIGINT'] as const)(
  'told by %s to end while it starts, the server closes what it has open and ends well',
  async (signal) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'spool'));
    await writeFile(join(folder, 'spool', left), '');
    const server = await startProcess(await startSilentStream(), folder, {}, 'the stream does not take events');
    server.kill(signal);
    expect(await server.ended).toBe(0);
    expect(server.output()).toContain('the ingest server has stopped');
    expect(server.output()).not.toContain('"listening"');
    // It has let go of the spool, and what it did not find out is left for the next.
    expect(await readdir(join(folder, 'spool'))).toEqual([left]);
  },
  120_000,
);

test('told to end while they start, workers do so, too', async () => {
  const folder = await temporaryFolder();
  const spools = ['worker-1', 'worker-2'].map((name) => join(folder, 'spool', name));
  for (const spool of spools) {
    await mkdir(spool, { recursive: true });
    await writeFile(join(spool, left), '');
  }
  const env = { MILLRACE_WORKERS: '2' };
  const server = await startProcess(await startSilentStream(), folder, env, 'the stream does not take events');
  server.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(server.output()).not.toContain('"listening"');
  for (const spool of spools) expect(await readdir(spool)).toEqual([left]);
}, 120_000);
