import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder of the package that a file belongs to: `node_modules/a`, `x/node_modules/@b/c`; nothing for a file of
 * ours.
 */
const packageFolder = (file: string) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];

const licenceFile = /^(licen[cs]e|copying|notice)/i;

/**
 * The licences of the packages that a bundle contains, one text for all packages that share it, so that the archive
 * carries every notice that they ask for.
 * @param sources files of the bundle, relative to `root`, with slashes
 * @throws Error naming a package that states no licence
 */
export function thirdPartyLicences(root: string, sources: readonly string[]): string {
  const folders = new Set(sources.map(packageFolder).filter((folder) => folder !== undefined));
  const packagesByText = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      license?: string;
    };
    const texts = readdirSync(join(root, folder))
      .filter((file) => licenceFile.test(file))
      .sort()
      .map((file) =>
        readFileSync(join(root, folder, file), 'utf8')
          .replaceAll('\r\n', '\n')
          .trim(),
      );
    if (license === undefined && texts.length === 0) throw new Error(`${folder} states no licence`);
    const text = texts.join('\n\n') || `The package states its licence by name only: ${license}.`;
    packagesByText.set(text, [...(packagesByText.get(text) ?? []), `${name} ${version} (${license ?? 'see below'})`]);
  }
  const parts = [...packagesByText].map(([text, packages]) => `${packages.join('\n')}\n\n${text}\n`);
  return [`This release contains the following packages under the licences below.\n`, ...parts].join(
    `\n${'='.repeat(80)}\n\n`,
  );
}
