import { down } from '../../deploy/down.js';
import { type DeployOptions, deploying } from './deploying.js';

/** The options of `millrace down`. */
export interface DownCommandOptions extends DeployOptions {
  deleteData?: string;
  drainSeconds: number;
}

/** Takes the pipeline down; the exit code is 1 when the person said no. */
export function downCommand(options: DownCommandOptions): Promise<void> {
  const { name, deleteData, drainSeconds } = options;
  return deploying(options, ['cloudFormation', 's3', 'ssm', 'sts'], async (context) => {
    const gone = await down({ ...context, name, deleteData, drainMs: drainSeconds * 1_000 });
    if (gone) return;
    context.output.line('Nothing was done.');
    process.exitCode = 1;
  });
}
