import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { diskFolder } from '@millrace/testing/disk-folder';
import { cleanUp, temporaryFolder } from './support/app.js';
import { sendThroughCrashes, startProcess } from './support/crashes.js';
import { jsonLines, someEvent } from './support/events.js';
import { startStubKinesis } from './support/stub-kinesis.js';

afterEach(cleanUp);

describe('the server as a process', () => {
  test('kill -9 at any moment loses no acknowledged event and no visitor’s order', async () => {
    const report = await sendThroughCrashes({ rounds: 3, signals: ['SIGKILL'] });
    expect(report.ended).toEqual([...Array(3).fill('SIGKILL'), 0]);
    expect({ missing: report.missing, outOfOrder: report.outOfOrder }).toEqual({ missing: [], outOfOrder: [] });
  });

  test('an event that was quarantined before kill -9 and comes again, put right, is stored', async () => {
    const stub = await startStubKinesis();
    const folder = await temporaryFolder(diskFolder());
    const right = someEvent();
    const send = async ({ port }: { port: number }, event: object) => {
      const url = `http://127.0.0.1:${port}/v1/events?key=demo`;
      const answer = await fetch(url, { method: 'POST', body: jsonLines([event]) });
      return ((await answer.json()) as { accepted: number }).accepted;
    };
    const killed = await startProcess(stub, folder);
    expect(await send(killed, { ...right, color: 'red' })).toBe(0);
    killed.kill('SIGKILL');
    await killed.ended;
    const server = await startProcess(stub, folder);
    expect(await send(server, right)).toBe(1);
    expect(stub.taken.map(({ event_id, page }) => [event_id, page])).toEqual([
      [right.event_id, '_quarantine'],
      [right.event_id, right.page],
    ]);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });

  test('SIGTERM drains: nothing acknowledged is lost', async () => {
    const report = await sendThroughCrashes({ rounds: 1, signals: ['SIGTERM'] });
    expect(report.ended).toEqual([0, 0]);
    expect({ missing: report.missing, outOfOrder: report.outOfOrder }).toEqual({ missing: [], outOfOrder: [] });
  });

  test('SIGTERM ends it within 10 s, with 0, even while Kinesis hangs and a body never comes', async () => {
    const stub = await startStubKinesis();
    stub.behaviour = () => 'hang';
    const folder = await temporaryFolder(diskFolder());
    const server = await startProcess(stub, folder);
    const send = () =>
      fetch(`http://127.0.0.1:${server.port}/v1/events?key=demo`, { method: 'POST', body: jsonLines([someEvent()]) });
    expect((await send()).status).toBe(200);
    const slow = connect(server.port, '127.0.0.1');
    slow.on('error', () => {});
    slow.write('POST /v1/events?key=demo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
    expect((await send()).status).toBe(200);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(server.output()).toContain('"left_in_spool":2');
    slow.destroy();
    // And what was left is what the next one delivers.
    stub.behaviour = () => ({});
    const next = await startProcess(stub, folder);
    for (let i = 0; i < 500 && stub.taken.length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stub.taken).toHaveLength(2);
    next.kill('SIGINT');
    expect(await next.ended).toBe(0);
  });

  test('what was safe before kill -9 is stored once, though its sender repeats it under any batch: of what the stream has, and of what the spool has', async () => {
    const stub = await startStubKinesis();
    const folder = await temporaryFolder(diskFolder());
    let server = await startProcess(stub, folder);
    const send = async (events: object[]) => {
      const answer = await fetch(`http://127.0.0.1:${server.port}/v1/events?key=demo`, {
        method: 'POST',
        body: jsonLines(events),
      });
      expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ rejected: [] })]);
    };
    const killed = async () => {
      server.kill('SIGKILL');
      await server.ended;
      server = await startProcess(stub, folder);
    };
    const event = () => someEvent({ visitor_id: 'v' });
    const [first, second] = [event(), event()];
    await send([first]);
    await killed();
    await send([first, second]);
    expect(stub.taken.map(({ event_id }) => event_id)).toEqual([first.event_id, second.event_id]);

    stub.otherwise = () => 'ResourceNotFoundException';
    stub.behaviour = () => ({ status: 400, error: 'ResourceNotFoundException' });
    const third = event();
    await send([third]);
    await killed();
    await send([third, second]);
    stub.otherwise = () => undefined;
    stub.behaviour = () => ({});
    const last = event();
    await send([last]);
    for (let i = 0; i < 1_000 && !stub.taken.some(({ event_id }) => event_id === last.event_id); i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    // The second came again while nobody could say that the stream had it; it was taken out of the spool when somebody
    // could.
    expect(stub.taken.map(({ event_id }) => event_id)).toEqual(
      [first, second, third, last].map(({ event_id }) => event_id),
    );
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });

  test('a wrong environment ends it at once with the whole list', async () => {
    const stub = await startStubKinesis();
    const server = await startProcess(stub, await temporaryFolder(diskFolder()), {
      MILLRACE_PORT: 'http',
      MILLRACE_WRITE_KEYS: '',
    });
    expect(await server.ended).toBe(2);
    expect(server.output()).toContain('MILLRACE_PORT=http must be a port');
    expect(server.output()).toContain('MILLRACE_WRITE_KEYS= must be write keys');
  });
});
