import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import { workerConfig } from '../src/cluster/worker-config.js';
import { adoptFolders } from '../src/spool/adopt-folders.js';
import { openDiskSpool } from '../src/spool/disk-spool.js';
import { cleanUp, later, temporaryFolder, testApp, testConfig } from './support/app.js';
import { type ServerProcess, startProcess } from './support/crashes.js';
import { jsonLines, someEvent } from './support/events.js';
import { keptAndPlaces, type Samples, samplesOf } from './support/samples.js';
import { startSilentStream } from './support/silent-stream.js';
import { startStubKinesis } from './support/stub-kinesis.js';

afterEach(cleanUp);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A connection of its own for each, so that the workers take turns. */
const send = (server: ServerProcess) =>
  fetch(`http://127.0.0.1:${server.port}/v1/events?key=demo`, {
    method: 'POST',
    body: jsonLines([someEvent()]),
    headers: { connection: 'close' },
  });

async function scrape(server: ServerProcess): Promise<Samples> {
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`, { headers: { connection: 'close' } });
  expect(answer.status).toBe(200);
  return samplesOf(await answer.text());
}

/** The series of one worker, without the label that says so. */
const ofWorker = (samples: Samples, worker: number): Samples =>
  new Map(
    [...samples]
      .filter(([series]) => series.includes(`{worker="${worker}"`))
      .map(([series, value]) => [series.replace(/worker="\d+",?/, '').replace('{}', ''), value]),
  );

/** Processes that have a worker's spool open, or left it open when they were killed. */
const pidsIn = async (folder: string, worker: string) =>
  (await readdir(join(folder, 'spool', worker)))
    .filter((name) => name.startsWith('lock.'))
    .map((name) => Number(name.split('.')[1]));

/** The workers' processes. */
const pidsOf = (folder: string) =>
  Promise.all(['worker-1', 'worker-2'].map(async (worker) => (await pidsIn(folder, worker))[0]!));

/** Workers have said so many times that they listen. */
async function untilListening(server: ServerProcess, times: number) {
  const said = () => server.output().split('"listening"').length - 1;
  for (let i = 0; i < 3_000 && said() < times; i++) await pause(10);
  expect(said()).toBe(times);
}

/** A connection that is kept open, to one of the workers, with what it has answered. */
async function keptConnection(server: ServerProcess) {
  const socket = connect(server.port, '127.0.0.1');
  later(async () => socket.destroy());
  let answers = '';
  socket
    .on('error', () => {})
    .on('data', (part) => {
      answers += part;
    });
  const get = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  get('/healthz');
  for (let i = 0; i < 3_000 && !answers.includes('alive'); i++) await pause(10);
  return { get, answers: () => answers };
}

describe('MILLRACE_WORKERS', () => {
  test('two processes share the port; each counts for itself; one that is killed comes back and delivers its spool', async () => {
    const stub = await startStubKinesis();
    stub.behaviour = () => ({ status: 400, error: 'ResourceNotFoundException' });
    const folder = await temporaryFolder(diskFolder());
    const server = await startProcess(stub, folder, { MILLRACE_WORKERS: '2' });
    await untilListening(server, 2);
    for (let i = 0; i < 20; i++) expect((await send(server)).status).toBe(200);
    const before = await scrape(server);
    const [one, two] = [1, 2].map((worker) => ofWorker(before, worker).get('millrace_events_accepted_total')!);
    expect(ofWorker(before, 1).get('millrace_requests_total{code="ok"}')).toBe(one);
    expect(one! + two!).toBe(20);
    expect(keptAndPlaces(before)).toEqual({ kept: 20, places: 20 });
    // Both took some: each has a spool of its own.
    const spools = await Promise.all(['worker-1', 'worker-2'].map((name) => readdir(join(folder, 'spool', name))));
    for (const names of spools) expect(names).toContain('00000001.spool');

    const [first] = await pidsOf(folder);
    process.kill(first!, 'SIGKILL');
    await untilListening(server, 3);
    const [again] = await pidsOf(folder);
    expect(again).not.toBe(first);
    // What it had counted begins anew, and nobody else's count does. The metrics are made once a second.
    const meanwhile = await eventually('a new count of the first worker', async () => {
      const metrics = await scrape(server);
      return ofWorker(metrics, 1).get('millrace_events_accepted_total') === 0 ? metrics : undefined;
    });
    expect(ofWorker(meanwhile, 1).get('millrace_events_recovered_total')).toBe(one);
    expect(ofWorker(meanwhile, 2).get('millrace_events_accepted_total')).toBe(two);
    expect(keptAndPlaces(ofWorker(meanwhile, 1))).toEqual({ kept: one, places: one });
    expect(keptAndPlaces(ofWorker(meanwhile, 2))).toEqual({ kept: two, places: two });

    stub.behaviour = () => ({});
    for (let i = 0; i < 2_000 && stub.taken.length < 20; i++) await pause(10);
    expect(new Set(stub.taken.map(({ event_id }) => event_id)).size).toBe(20);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    await expect(send(server)).rejects.toThrow();
  }, 120_000);

  test('a worker that dies while it is asked costs neither the others nor the primary process', async () => {
    const folder = await temporaryFolder(diskFolder());
    const server = await startProcess(await startStubKinesis(), folder, { MILLRACE_WORKERS: '2' });
    await untilListening(server, 2);
    const connections = [await keptConnection(server), await keptConnection(server)];
    const [first] = await pidsOf(folder);
    // A primary that is busy: when it turns to these questions, it writes to a worker that it does not know to be dead.
    server.kill('SIGSTOP');
    await pause(50);
    for (const { get } of connections) get('/metrics');
    await pause(500);
    process.kill(first!, 'SIGKILL');
    await pause(100);
    server.kill('SIGCONT');
    const answered = () => connections.some(({ answers }) => answers().includes('millrace_workers_missing 1\n'));
    for (let i = 0; i < 2_000 && !answered(); i++) await pause(10);
    expect(answered()).toBe(true);
    await untilListening(server, 3);
    expect((await send(server)).status).toBe(200);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  }, 120_000);

  test('while one starts anew, or does not answer, the metrics of the others are given, and how many are missing', async () => {
    const stub = await startStubKinesis();
    const folder = await temporaryFolder(diskFolder());
    const server = await startProcess(stub, folder, { MILLRACE_WORKERS: '2' });
    await untilListening(server, 2);
    expect((await scrape(server)).get('millrace_workers_missing')).toBe(0);

    const connections = [await keptConnection(server), await keptConnection(server)];
    const [first] = await pidsOf(folder);
    process.kill(first!, 'SIGSTOP');
    // Both are asked, as the stopped one does not answer; and again, as an answer is given for a second.
    await eventually('the metrics of one worker, and that one is missing', async () => {
      for (const { get } of connections) get('/metrics');
      await pause(200);
      return connections.some(({ answers }) => answers().includes('millrace_workers_missing 1\n'));
    });

    // It starts, but does not listen before it has looked up what the killed one left open, and that stream never says.
    await stub.close();
    await startSilentStream(stub.port);
    process.kill(first!, 'SIGKILL');
    for (let i = 0; i < 3_000 && (await pidsIn(folder, 'worker-1')).length < 2; i++) await pause(10);
    const meanwhile = await scrape(server);
    expect(meanwhile.get('millrace_workers_missing')).toBe(1);
    expect(meanwhile.get('millrace_lanes{worker="2"}')).toBe(2);
  }, 120_000);

  test('limits are those of the server, whichever worker a connection goes to', async () => {
    const server = await startProcess(await startStubKinesis(), await temporaryFolder(diskFolder()), {
      MILLRACE_WORKERS: '4',
      MILLRACE_KEY_REQUESTS_PER_SECOND: '4',
    });
    await untilListening(server, 4);
    const began = performance.now();
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push((await send(server)).status);
    const passedSeconds = (performance.now() - began) / 1000;
    const taken = statuses.filter((status) => status === 200).length;
    // Two seconds' worth at once, and what came to it meanwhile.
    expect(taken).toBeGreaterThanOrEqual(8);
    expect(taken).toBeLessThanOrEqual(8 + 4 * passedSeconds);
    expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
  }, 120_000);

  test('a worker has its part of what is set for the server, and of a limit that is less than one for each still some', async () => {
    const config = await testConfig({
      workers: 4,
      spoolMaxBytes: 4 * 2 ** 20 + 3,
      keyRequestsPerSecond: 1,
      addressRequestsPerSecond: 0,
    });
    const own = workerConfig(config);
    expect(own).toEqual({ ...config, workers: 1, spoolMaxBytes: 2 ** 20, keyRequestsPerSecond: 0.25 });
    const { app } = await testApp(own);
    const post = () => app.inject({ method: 'POST', url: '/v1/events?key=demo', payload: jsonLines([someEvent()]) });
    expect((await post()).statusCode).toBe(200);
  });

  test('what stops one worker’s first start ends them all, with the reason', async () => {
    const stub = await startStubKinesis();
    const server = await startProcess(stub, await temporaryFolder(diskFolder()), {
      MILLRACE_WORKERS: '2',
      MILLRACE_PORT: String(stub.port),
    });
    expect(await server.ended).toBe(1);
    expect(server.output()).toContain(`port ${stub.port} is taken`);
  }, 120_000);
});

test('with another number of processes nothing stays behind in a folder that nobody has', async () => {
  const folder = await temporaryFolder(diskFolder());
  const fill = async (path: string, ...texts: string[]) => {
    const spool = await openDiskSpool({ folder: path, maxBytes: 2 ** 20 });
    for (const text of texts) {
      await new Promise<void>((resolve, reject) =>
        spool.append([{ hash: 1, events: 1, data: Buffer.from(text) }], (error) => (error ? reject(error) : resolve())),
      );
    }
    await spool.close();
  };
  const read = async (path: string) => {
    const spool = await openDiskSpool({ folder: path, maxBytes: 2 ** 20 });
    const { found } = await spool.next({ after: 0, wanted: () => true, maxEvents: 100, maxBytes: 1e6 });
    await spool.close();
    return found.map(({ chunk }) => chunk.data.toString());
  };
  await fill(folder, 'a', 'b');
  expect(await adoptFolders(folder, 3)).toBe(1);
  await fill(join(folder, 'worker-1'), 'c');
  await fill(join(folder, 'worker-3'), 'd');
  expect(await read(join(folder, 'worker-1'))).toEqual(['a', 'b', 'c']);
  expect(await adoptFolders(folder, 3)).toBe(0);
  expect(await adoptFolders(folder, 2)).toBe(1);
  expect(await adoptFolders(folder, 1)).toBe(3);
  expect((await read(folder)).sort()).toEqual(['a', 'b', 'c', 'd']);
  // A server that still runs keeps its folder.
  await mkdir(join(folder, 'worker-2'), { recursive: true });
  await fill(join(folder, 'worker-2'), 'e');
  const running = await openDiskSpool({ folder: join(folder, 'worker-2'), maxBytes: 2 ** 20 });
  await expect(adoptFolders(folder, 1)).rejects.toThrow('in use by process');
  await running.close();
  await writeFile(join(folder, 'notes.txt'), 'somebody’s');
  expect(await adoptFolders(folder, 1)).toBe(1);
}, 60_000);
