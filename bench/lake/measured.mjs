// One measurement of bench/lake.mjs: prints its CPU, time and most memory.
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const [what, folder, cache] = process.argv.slice(2);
const began = performance.now();

async function gunzip() {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.gz'));
  let bytes = 0;
  for (const name of names) {
    await pipeline(
      createReadStream(join(folder, name), { highWaterMark: 1 << 17 }),
      createGunzip({ chunkSize: 1 << 17 }),
      async (chunks) => {
        for await (const chunk of chunks) bytes += chunk.length;
      },
    );
  }
  return { bytes };
}

async function audit() {
  // Loaded here, so that what gunzip is measured by has no modules for the garbage collector to go through.
  const { openLake } = await import('@millrace/lake');
  const lake = await openLake({ folder });
  const report = await lake.audit({ settleMs: 0, cache });
  await lake.close();
  return report;
}

const printed = what === 'gunzip' ? await gunzip() : await audit();
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    seconds: (performance.now() - began) / 1_000,
    mostBytes: maxRSS * 1_024,
    printed,
  }),
);
