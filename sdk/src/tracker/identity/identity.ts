import { abs, join, max, split } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import { shortId } from './short-id.js';

/** A session ends after this long without an event. */
export const sessionIdleMs = 30 * 60 * 1000;
/**
 * The stored time of the last event may be this old, so that not every event writes it. A page exit writes it exactly.
 */
const savedLateMs = 10 * 1000;

/** The fields of an event that say who: the visitor while the storage lasts, the session, the user since `identify`. */
export interface Person {
  visitor_id: string;
  session_id: string;
  user_id?: string | undefined;
}

/** The visitor and the session, shared by all tabs. */
export interface Identity {
  /** The person at an event at `now`, which continues the session or starts one. Changes to it stay, once saved. */
  _touch(now: number): Person;
  /** Takes over what is stored: a person who was forgotten since is not saved again. */
  _load(): void;
  _save(): void;
  /** Deletes the record: the next visitor is another one. */
  _forget(): void;
}

/** What a stored record looks like. */
export const record = /^([\w-]{1,64}\|){2}\d+\|/;

/**
 * One stored record, `visitor|session|at|user`. Each event reads it, so that all tabs agree at once. When it is gone,
 * because another tab or somebody else cleared it, the visitor is a new one.
 * @param changed called when one visitor follows another while this page lives
 */
export function createIdentity(store: Store, changed: () => void): Identity {
  let person: Person | undefined;
  let at = 0;
  let savedAt = 0;

  function save(): void {
    if (!person) return;
    savedAt = at;
    store._set('v', join([person.visitor_id, person.session_id, at, person.user_id], '|'));
  }

  /** A record that cannot be read counts as none. */
  function load(): void {
    const stored = store._get('v');
    const [visitor_id, session_id, time, ...user] = record.test(stored!) ? split(stored!, '|') : [];
    if (person && person.visitor_id !== visitor_id) changed();
    savedAt = +time! || 0;
    // This tab knows its own last event better than the record does.
    at = person?.session_id === session_id ? max(at, savedAt) : savedAt;
    person = visitor_id ? { visitor_id, session_id: session_id!, user_id: join(user, '|') || undefined } : undefined;
  }

  function touch(now: number): Person {
    load();
    // In both directions, so that a time stored by a clock far ahead does not keep a session alive for ever.
    if (!person || abs(now - at) > sessionIdleMs) {
      // How the last session's network was to be dealt with.
      store._remove('p');
      person = { visitor_id: shortId(now), ...person, session_id: shortId(now) };
    }
    at = now;
    if (abs(now - savedAt) > savedLateMs) save();
    return person;
  }

  return { _load: load, _touch: touch, _save: save, _forget: () => store._remove('v') };
}
