import { addAudit } from './commands/audit.js';
import { addAws } from './commands/aws.js';
import { addDev } from './commands/dev.js';
import { addDown } from './commands/down.js';
import { addGenerate } from './commands/generate.js';
import { addIngest } from './commands/ingest.js';
import { addLogs } from './commands/logs.js';
import { addLs } from './commands/ls.js';
import { addPlan } from './commands/plan.js';
import { addQuery } from './commands/query.js';
import { addRedrive } from './commands/redrive.js';
import { addRelease } from './commands/release.js';
import { addReplay } from './commands/replay.js';
import { addShell } from './commands/shell.js';
import { addSpool } from './commands/spool.js';
import { addStatus } from './commands/status.js';
import { addStore } from './commands/store.js';
import { addUp } from './commands/up.js';
import { runProgram } from './program.js';

const commands = [
  addDev,
  addGenerate,
  addReplay,
  addQuery,
  addLs,
  addAudit,
  addRedrive,
  addSpool,
  addPlan,
  addUp,
  addStatus,
  addLogs,
  addShell,
  addDown,
  addRelease,
  addAws,
  addIngest,
  addStore,
];

/** Runs one command and returns its exit code: those of docs/commands.md. */
export const run = (args: string[]): Promise<number> => runProgram(commands, args);
