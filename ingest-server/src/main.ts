import { ConfigError, loadConfig, unknownSettings } from './config.js';
import { createLog } from './log.js';
import { startIngestServer } from './server.js';

/** The ingest server as a process: settings from the environment, log on stdout, ends on SIGTERM and SIGINT. */

const write = (line: string) => process.stdout.write(`${line}\n`);
const log = createLog(write);
/** An orchestrator kills after 10 s; what is acknowledged is safe whenever this comes. */
const lastMomentMs = 9_500;

async function main() {
  const config = loadConfig(process.env);
  for (const name of unknownSettings(process.env)) log.warn('a setting that nothing reads', { name });
  if (config.origins.common.length === 0 && config.origins.byKey.size === 0) {
    log.warn('MILLRACE_ORIGINS is empty: servers may send, but no page may');
  }
  const server = await startIngestServer(config, { log: write });
  log.info('listening', { url: server.url, port: server.port });

  let ending = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second Ctrl-C is no reason to stop draining.
      if (ending) return;
      ending = true;
      log.info('closing', { signal });
      setTimeout(() => process.exit(1), lastMomentMs).unref();
      server.close().then(
        () => process.exit(0),
        (error: Error) => {
          log.error('closing failed', { error: error.message });
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: Error) => {
  // For a person: settings and folders are fixed by people, a line each.
  process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
