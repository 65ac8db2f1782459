import { attempt } from './attempt.js';

const told: Record<string, unknown> = {};

/** Tells the site in the console what it has to mend: each text once a page, and nothing where it wants quiet. */
export function warn({ quiet }: { quiet?: unknown }, text: string): void {
  if (quiet || told[text]) return;
  told[text] = 1;
  attempt(() => console.warn(`millrace: ${text}`));
}
