import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Runs an example of a room's README as its reader would: the `number`-th JavaScript block (from 0) as a script in an
 * empty folder, with the built packages in its node_modules.
 */
export async function runReadmeExample(
  room: string,
  number: number,
  args: readonly string[] = [],
): Promise<{ code: number | null; out: string; err: string }> {
  const blocks = [...readFileSync(join(root, room, 'README.md'), 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm)];
  const script = blocks[number]?.[1];
  if (script === undefined) throw new Error(`the README of ${room} has only ${blocks.length} JavaScript blocks`);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-readme-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    writeFileSync(join(folder, 'example.mjs'), script);
    const child = spawn(process.execPath, ['example.mjs', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    const [code] = await once(child, 'close');
    return { code: code as number | null, out, err };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
