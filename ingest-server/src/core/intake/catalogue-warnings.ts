import { isSlug, otherName } from '@millrace/sdk/schema';

/** A name that has no partition of its own: its events are accepted and filed under `_other`. */
export interface Warning {
  code: 'undeclared_page' | 'undeclared_event';
  name: string;
  events: number;
  message: string;
}

/** How many names one answer mentions at most: a client that makes names up must not make it grow. */
const maxWarnings = 20;

/** Undeclared names of one batch, with a count of events for each. */
export interface Warnings {
  add(kind: 'page' | 'event', name: string): void;
  list(): Warning[];
}

function messageFor(kind: 'page' | 'event', name: string): string {
  const [problem, advice] = isSlug(name)
    ? ['is not in the catalogue', `add it to "${kind}s" in the file that MILLRACE_CATALOGUE names`]
    : ['is no slug', 'send a name of a-z, 0-9 and _ that is in the catalogue'];
  return (
    `the ${kind} "${name}" ${problem}: it is stored under ${kind}=${otherName}, with its name in ${kind}_as_sent. ` +
    `To give it a partition of its own, ${advice}`
  );
}

/** No warnings yet. */
export function createWarnings(): Warnings {
  const found = new Map<string, Warning>();
  return {
    add(kind, name) {
      const key = `${kind} ${name}`;
      const known = found.get(key);
      if (known !== undefined) known.events += 1;
      else if (found.size < maxWarnings) {
        found.set(key, { code: `undeclared_${kind}`, name, events: 1, message: messageFor(kind, name) });
      }
    },
    list: () => [...found.values()],
  };
}
