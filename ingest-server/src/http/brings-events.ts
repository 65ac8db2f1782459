import type { IncomingMessage } from 'node:http';

const eventsPath = /^\/+v1\/+events\/*(\?|$)/;

/** Whether a request is one to `POST /v1/events`. */
export const bringsEvents = ({ method, url = '' }: IncomingMessage): boolean =>
  method === 'POST' && eventsPath.test(url);
