import { attempt } from './attempt.js';
import type { Store } from './store.js';

/** A visit ends after this long without an event. */
export const sessionIdleMs = 30 * 60 * 1000;
/** The stored moment of the last event may be this old, so that not every event writes it. Leaving the page writes it exactly. */
const savedLateMs = 10 * 1000;

/** Who is there: `visitor` for as long as the storage lasts, `session` for this visit, `user` since `identify`. */
export interface Person {
  visitor: string;
  session: string;
  /** When the last event was, in milliseconds. */
  at: number;
  user?: string;
}

export interface Identity {
  /** The person at an event, which goes on with the session or begins a new one. */
  touch(now: number): Person;
  /** The site's name for the person, for this and later visits; undefined forgets it. */
  setUser(user: string | undefined, now: number): void;
  save(): void;
}

const isId = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 64;

/** One stored record, `[visitor, session, at, user?]`, shared by all tabs: each event reads it, so that tabs agree at once. */
export function createIdentity(store: Store, newId: (now: number) => string): Identity {
  let person: Person | undefined;
  let text: string | undefined;
  let savedAt = 0;

  function save(): void {
    if (!person) return;
    savedAt = person.at;
    text = JSON.stringify([person.visitor, person.session, person.at, person.user]);
    store.set('v', text);
  }

  /** Takes over what another tab stored since; a record that cannot be read counts as none. */
  function load(): void {
    const stored = store.get('v');
    if (stored === undefined || stored === text) return;
    text = stored;
    const [visitor, session, at, user] = (attempt(() => JSON.parse(stored)) ?? []) as unknown[];
    if (!isId(visitor) || !isId(session) || typeof at !== 'number') return;
    // This tab knows its own last event better than what it last stored.
    const last = person?.session === session ? Math.max(person.at, at) : at;
    person = { visitor, session, at: last, ...(isId(user) ? { user } : {}) };
    savedAt = at;
  }

  function touch(now: number): Person {
    load();
    // Both ways, so that a clock that was far ahead when it was stored does not keep a session alive for ever.
    const idle = !person || Math.abs(now - person.at) > sessionIdleMs;
    person = {
      ...person,
      visitor: person?.visitor ?? newId(now),
      session: idle ? newId(now) : person!.session,
      at: now,
    };
    if (idle || Math.abs(now - savedAt) > savedLateMs || store.get('v') === undefined) save();
    return person;
  }

  return {
    touch,
    setUser(user, now) {
      person = touch(now);
      delete person.user;
      if (user !== undefined) person.user = user;
      save();
    },
    save,
  };
}
