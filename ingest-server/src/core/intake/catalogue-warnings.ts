import { otherName } from '@millrace/sdk/schema';

/** A name that the catalogue lacks: its events are accepted and filed under `_other`. */
export interface Warning {
  code: 'undeclared_page' | 'undeclared_event';
  name: string;
  events: number;
  message: string;
}

/** Different names that one answer mentions; a client that makes names up must not make the answer grow. */
const maxWarnings = 20;

/** Counts the undeclared names of one batch. */
export function createWarnings() {
  const found = new Map<string, Warning>();
  return {
    add(code: Warning['code'], name: string) {
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
