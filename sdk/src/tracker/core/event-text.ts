import { stringify } from '../browser/builtins.js';
import type { Person } from '../identity/identity.js';
import type { Facts } from './context.js';

/** An event as JSON, up to its place in the stream. A visitor's and a session's ids need no escaping. */
export function eventText({ _fields, _properties }: Facts, { visitor_id, session_id, user_id }: Person): string {
  const user = user_id ? `,"user_id":${stringify(user_id)}` : '';
  const properties = _properties && `,"properties":{${_properties}}`;
  return `{${_fields},"visitor_id":"${visitor_id}","session_id":"${session_id}"${user}${properties}`;
}
