import { shortId } from './id.js';
import type { Store } from './store.js';

/** A visit ends after this long without an event. */
export const sessionIdleMs = 30 * 60 * 1000;
/** The stored moment of the last event may be this old, so that not every event writes it. Leaving the page writes it exactly. */
const savedLateMs = 10 * 1000;

/** Who is there, as an event says it: the visitor for as long as the storage lasts, the session for this visit, the user since `identify`. */
export interface Person {
  visitor_id: string;
  session_id: string;
  user_id?: string | undefined;
}

export interface Identity {
  /** The person at an event, which goes on with the session or begins a new one. What is changed in it stays, once saved. */
  touch(now: number): Person;
  save(): void;
  /** The next person is another one. */
  leave(): void;
}

const record = /^([\w-]{1,64}\|){2}\d+\|/;

/**
 * One stored record, `visitor|session|at|user`, shared by all tabs: each event reads it, so that tabs agree at once. When it is gone, by another
 * tab's wish or because somebody cleared the storage, the visitor is a new one.
 * @param changed told when a visitor follows on another in this page's life
 */
export function createIdentity(store: Store, changed: () => void): Identity {
  let text: string | undefined;
  let person: Person | undefined;
  let at = 0;
  let savedAt = 0;

  function save(): void {
    if (!person) return;
    savedAt = at;
    text = [person.visitor_id, person.session_id, at, person.user_id].join('|');
    store.set('v', text);
  }

  /** Takes over what another tab stored since; a record that cannot be read counts as none. */
  function load(): void {
    const stored = store.get('v');
    if (stored === text) return;
    text = stored;
    const [visitor_id, session_id, time, ...user] = record.test(stored!) ? stored!.split('|') : [];
    if (person && person.visitor_id !== visitor_id) changed();
    savedAt = +time! || 0;
    // This tab knows its own last event better than what it last stored.
    at = person?.session_id === session_id ? Math.max(at, savedAt) : savedAt;
    person = visitor_id ? { visitor_id, session_id: session_id!, user_id: user.join('|') || undefined } : undefined;
  }

  function touch(now: number): Person {
    load();
    // Both ways, so that a clock that was far ahead when it was stored does not keep a session alive for ever.
    const idle = Math.abs(now - at) > sessionIdleMs;
    at = now;
    if (!person || idle) {
      person = { visitor_id: shortId(now), user_id: undefined, ...person, session_id: shortId(now) };
    }
    if (idle || Math.abs(now - savedAt) > savedLateMs) save();
    return person;
  }

  function leave(): void {
    store.remove('v');
    at = 0;
  }

  return { touch, save, leave };
}
