import { launcherFrom } from './launcher.js';

/** The commands, as texts name them. */
export const commandNames = [
  'audit',
  'aws',
  'dev',
  'down',
  'generate',
  'ingest',
  'logs',
  'ls',
  'plan',
  'query',
  'redrive',
  'release',
  'replay',
  'shell',
  'spool',
  'status',
  'store',
  'up',
] as const;

const calls = new RegExp(`(?<![\\w./\\\\@-]|Usage: )millrace (?=(?:${commandNames.join('|')})\\b)`, 'g');

/** A text with each command as it is called from here: `./millrace ls` for `millrace ls`. */
export function asCalled(text: string): string {
  const launcher = `${launcherFrom(process.cwd())} `;
  return text.replace(calls, () => launcher);
}
