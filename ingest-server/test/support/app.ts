import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCatalogue } from '@millrace/sdk/schema';
import type { AppOptions } from '../../src/app.js';
import { parseWriteKeys } from '../../src/core/admission/write-keys.js';
import { buildApp, type Config, parseOrigins } from '../../src/index.js';
import { createMemorySink } from './memory-sink.js';

const undo: (() => Promise<unknown>)[] = [];

/** Undoes, latest first, what the helpers here opened. For afterEach. */
export async function cleanUp() {
  while (undo.length > 0) await undo.pop()!();
}

export function later(task: () => Promise<unknown>) {
  undo.push(task);
}

/** A folder that `cleanUp` removes. */
export async function temporaryFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'millrace-ingest-'));
  later(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function testConfig(changes: Partial<Config> = {}): Promise<Config> {
  return {
    host: '127.0.0.1',
    port: 0,
    stream: 'clickstream',
    writeKeys: parseWriteKeys('shop=demo,second'),
    origins: parseOrigins('http://shop.example;second=*'),
    spoolFolder: changes.spoolFolder ?? join(await temporaryFolder(), 'spool'),
    spoolMaxBytes: 16 * 1024 * 1024,
    spread: 'visitor',
    lingerMs: 1,
    ackTimeoutMs: 200,
    catalogue: defaultCatalogue,
    keyRequestsPerSecond: 0,
    addressRequestsPerSecond: 0,
    addressBytesPerSecond: 0,
    limitsAnyAddress: true,
    hosts: [],
    trustedProxies: [],
    // Tests run many things in one loop.
    shedDelayMs: 0,
    recentToken: undefined,
    drainMs: 0,
    workers: 1,
    clientScript: undefined,
    ...changes,
  };
}

/** The app over a memory sink, unless `options` has another. */
export async function testApp(changes: Partial<Config> = {}, options: Partial<AppOptions> = {}) {
  const memory = createMemorySink(2);
  const logged: Record<string, unknown>[] = [];
  const app = await buildApp({
    config: await testConfig(changes),
    sink: memory,
    // The whole 16 MiB for each of some hundred apps would keep the garbage collector busy.
    claimedEvents: 10_000,
    // A test reads what it has just done.
    metricsIntervalMs: 0,
    heldMs: 0,
    log: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
    ...options,
  });
  later(() => app.close());
  return { app, records: memory.records, logged };
}
