import { type Checked, checkEvent, otherName, quarantinePage, serverFieldNames } from '@millrace/sdk/schema';

/**
 * Reads one line of a recording: an event as a client sends it, or as the lake stores it. Of the latter it removes the
 * server's fields, and gives an undeclared page or event its own name back. A refusal says where and why a line is not
 * an event.
 */
export function parseRecorded(line: string): Checked {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { refusal: { path: '', message: 'the line is not JSON' } };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { refusal: { path: '', message: 'the line is not a JSON object' } };
  }
  const { page_as_sent: pageAsSent, event_as_sent: eventAsSent, ...event } = value as Record<string, unknown>;
  for (const name of serverFieldNames) delete event[name];
  if (event.page === quarantinePage) {
    return { refusal: { path: '/page', message: 'is a quarantined event, which does not fit the schema' } };
  }
  if (event.page === otherName && pageAsSent !== undefined) event.page = pageAsSent;
  if (event.event === otherName && eventAsSent !== undefined) event.event = eventAsSent;
  return checkEvent(event);
}
