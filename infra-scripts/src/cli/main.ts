import { addAudit } from './audit.js';
import { addAws } from './aws.js';
import { addDev } from './dev.js';
import { addDown } from './down.js';
import { addGenerate } from './generate.js';
import { addIngest } from './ingest.js';
import { addLogs } from './logs.js';
import { addLs } from './ls.js';
import { addPlan } from './plan.js';
import { runProgram } from './program.js';
import { addQuery } from './query.js';
import { addRedrive } from './redrive.js';
import { addRelease } from './release.js';
import { addReplay } from './replay.js';
import { addShell } from './shell.js';
import { addStatus } from './status.js';
import { addStore } from './store.js';
import { addUp } from './up.js';

const commands = [
  addDev,
  addGenerate,
  addReplay,
  addQuery,
  addLs,
  addAudit,
  addRedrive,
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

/** Runs one command; returns the exit code: 0 done, 1 failed, 2 called wrongly. */
export const run = (args: string[]): Promise<number> => runProgram(commands, args);
