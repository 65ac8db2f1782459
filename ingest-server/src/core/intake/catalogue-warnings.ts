import { otherName } from '@millrace/sdk/schema';

/** An undeclared name: its events are accepted and filed under `_other`. */
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
  add(code: Warning['code'], name: string): void;
  list(): Warning[];
}

/** No warnings yet. */
export function createWarnings(): Warnings {
  const found = new Map<string, Warning>();
  return {
    add(code, name) {
      const known = found.get(`${code} ${name}`);
      if (known !== undefined) known.events += 1;
      else if (found.size < maxWarnings) {
        const kind = code === 'undeclared_page' ? 'page' : 'event';
        found.set(`${code} ${name}`, {
          code,
          name,
          events: 1,
          message: `the ${kind} "${name}" is not in the catalogue: filed under ${kind}=${otherName}, its name kept in ${kind}_as_sent; declare it to give it a partition`,
        });
      }
    },
    list: () => [...found.values()],
  };
}
