import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathFrom } from './path-from.js';
import { quoted } from './quoted.js';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));

/**
 * How to call the command from a folder: `./millrace` at the root of the clone, on Windows `.\\millrace`. A package
 * registry has no part in it. Outside a clone it is `millrace`.
 */
export function launcherFrom(cwd: string, folder = root, platform: string = process.platform): string {
  const file = join(folder, 'millrace');
  if (!existsSync(file)) return 'millrace';
  const way = pathFrom(cwd, file);
  if (way !== 'millrace') return quoted(way);
  return platform === 'win32' ? '.\\millrace' : './millrace';
}
