import { checkEndToEnd, checkOf } from '../../deploy/check.js';
import type { Deployed } from '../../deploy/deployed-stack.js';
import { up } from '../../deploy/up.js';
import { makeRelease } from '../../release/archive.js';
import { deploying } from './deploying.js';
import { type UpCommandOptions, wantedOf } from './up-settings.js';

/**
 * Deploys the pipeline, sends one event through it, and prints the script tag; the exit code is 1 when the person said
 * no.
 */
export function upCommand(options: UpCommandOptions): Promise<void> {
  const wanted = wantedOf(options);
  return deploying(options, ['cloudFormation', 'firehose', 's3', 'ssm', 'sts'], async (context) => {
    const { clients, output, signal } = context;
    const { eventsPerSecond } = options;
    const deployed = await up({ ...context, wanted, release: makeRelease, eventsPerSecond });
    if (deployed === undefined) {
      output.line('Nothing was done.');
      process.exitCode = 1;
      return;
    }
    const { outputs, writeKeys, changed } = deployed;
    if (options.check) {
      await checkEndToEnd({ ...checkOf(deployed), s3: clients.s3, output, signal });
    }
    if (options.json) console.log(JSON.stringify({ outputs, writeKeys, changed }));
    else printTag(deployed);
  });
}

function printTag({ outputs, writeKeys }: Deployed): void {
  const url = outputs.CollectorUrl;
  console.log(
    `\nPaste this into a page:\n\n<script async src="${url}/millrace.js" data-key="${writeKeys[0]}" data-page="books"></script>\n`,
  );
  if (url?.startsWith('http:'))
    console.log('It is plain HTTP: a page on https cannot load it. --domain and --certificate turn on TLS.');
}
