import cluster from 'node:cluster';
import { setTimeout as pause } from 'node:timers/promises';
import { isMillraceError } from '@millrace/kit/millrace-error';
import type { Shutdown } from '@millrace/kit/shutdown-signal';
import { startPrimary } from './cluster/primary.js';
import { workerConfig } from './cluster/worker-config.js';
import { type Config, loadConfig } from './config.js';
import { createLog, type Log } from './log.js';
import { startIngestServer } from './server.js';
import { unknownSettings } from './settings.js';
import { adoptFolders, spoolFolderOf } from './spool/adopt-folders.js';

function warn(config: Config, log: Log) {
  for (const name of unknownSettings(process.env)) log.warn('unknown setting', { name });
  if (config.origins.common.length === 0 && config.origins.byKey.size === 0) {
    log.warn('MILLRACE_ORIGINS is empty: servers can send, pages cannot');
  }
}

/**
 * Runs the server, or the processes that do, until the shutdown; resolves with the exit code. `write` gets the log's
 * lines.
 */
export async function run(shutdown: Shutdown, write: (line: string) => void): Promise<number> {
  const log = createLog(write);

  async function serve(config: Config): Promise<number> {
    const server = await startIngestServer(config, { log: write, signal: shutdown.signal });
    log.info('listening', { url: server.url, port: server.port });
    const signal = await shutdown.received;
    server.drain();
    // After Ctrl-C there is no load balancer to tell.
    if (signal === 'SIGTERM') await pause(config.drainMs);
    await server.close();
    return 0;
  }

  async function keepWorkers({ workers, spoolFolder }: Config): Promise<number> {
    const primary = startPrimary({
      workers,
      log,
      environment: (slot) => ({ MILLRACE_SPOOL_FOLDER: spoolFolderOf(spoolFolder, slot, workers) }),
    });
    return Promise.race([
      shutdown.received.then(primary.end),
      primary.failed.then(async (code) => {
        await primary.end('SIGTERM');
        return code;
      }),
    ]);
  }

  async function start(): Promise<number> {
    const config = loadConfig(process.env);
    if (cluster.isWorker) return serve(workerConfig(config));
    warn(config, log);
    const adopted = await adoptFolders(config.spoolFolder, config.workers);
    if (adopted > 0) log.info('took over the spool of processes that no longer run', { segments: adopted });
    shutdown.signal.throwIfAborted();
    return config.workers === 1 ? serve(config) : keepWorkers(config);
  }

  try {
    return await start();
  } catch (error) {
    // Aborted before it listened; nothing is left open.
    if (shutdown.signal.aborted && error === shutdown.signal.reason) return 0;
    if (shutdown.signal.aborted) {
      log.error('closing failed', { error: (error as Error).message });
      return 1;
    }
    // For a person, who can mend settings and folders: the message, without a stack.
    process.stderr.write(`${(error as Error).message}\n`);
    return isMillraceError(error) ? error.exitCode : 1;
  }
}
