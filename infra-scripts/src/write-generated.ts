import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { withGenerated } from './generated-part.js';
import { planMarkdown } from './plan/markdown.js';
import { committedTemplates } from './template/variants.js';

/**
 * Writes what is made from definitions and committed: `node infra-scripts/dist/src/write-generated.js`. Tests hold the
 * files to it.
 */
const root = new URL('../../../', import.meta.url);

const planFile = new URL('docs/plan.md', root);
writeFileSync(planFile, withGenerated(readFileSync(planFile, 'utf8'), await planMarkdown()));

for (const [file, text] of Object.entries(committedTemplates())) {
  const folder = new URL('infra-scripts/cloudformation/', root);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(file, folder), text);
}
