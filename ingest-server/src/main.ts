import cluster from 'node:cluster';
import { startPrimary } from './cluster/primary.js';
import { type Config, ConfigError, loadConfig, unknownSettings } from './config.js';
import { createLog } from './log.js';
import { startIngestServer } from './server.js';
import { adoptFolders, spoolFolderOf } from './spool/adopt-folders.js';

/**
 * The ingest server as a process, or as several: settings from the environment, log on stdout, ends on SIGTERM and SIGINT. With
 * MILLRACE_WORKERS above 1 this process only keeps the others running, which are this file once more.
 */

const write = (line: string) => process.stdout.write(`${line}\n`);
const log = createLog(write);
/** An orchestrator kills after 10 s; what is acknowledged is safe whenever this comes. */
const lastMomentMs = 9_500;

function warn(config: Config) {
  for (const name of unknownSettings(process.env)) log.warn('a setting that nothing reads', { name });
  if (config.origins.common.length === 0 && config.origins.byKey.size === 0) {
    log.warn('MILLRACE_ORIGINS is empty: servers may send, but no page may');
  }
}

/** Calls `end` with the first signal, and ends the process with the code that it resolves with. */
function onSignal(end: (signal: NodeJS.Signals) => Promise<number>) {
  let ending = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second Ctrl-C is no reason to stop draining.
      if (ending) return;
      ending = true;
      log.info('closing', { signal });
      setTimeout(() => process.exit(1), lastMomentMs).unref();
      end(signal).then(
        (code) => process.exit(code),
        (error: Error) => {
          log.error('closing failed', { error: error.message });
          process.exit(1);
        },
      );
    });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function serve(config: Config) {
  const server = await startIngestServer({ ...config, workers: 1 }, { log: write });
  log.info('listening', { url: server.url, port: server.port });
  onSignal(async (signal) => {
    server.drain();
    // A person who presses Ctrl-C has no balancer that must be told.
    if (signal === 'SIGTERM') await pause(config.drainMs);
    await server.close();
    return 0;
  });
}

async function keepWorkers(config: Config) {
  const { workers, spoolFolder } = config;
  const primary = startPrimary({
    workers,
    log,
    environment: (slot) => ({ MILLRACE_SPOOL_FOLDER: spoolFolderOf(spoolFolder, slot, workers) }),
  });
  onSignal((signal) => primary.end(signal));
  const code = await primary.failed;
  await primary.end('SIGTERM');
  process.exit(code);
}

async function main() {
  const config = loadConfig(process.env);
  if (cluster.isWorker) return serve(config);
  warn(config);
  const adopted = await adoptFolders(config.spoolFolder, config.workers);
  if (adopted > 0) log.info('the spool of processes that are no more is taken over', { segments: adopted });
  return config.workers === 1 ? serve(config) : keepWorkers(config);
}

main().catch((error: Error) => {
  // For a person: settings and folders are fixed by people, a line each.
  process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
