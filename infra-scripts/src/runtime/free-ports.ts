import { once } from 'node:events';
import { createServer } from 'node:net';
import { usageError } from '@millrace/kit/millrace-error';
import { type ListenOptions, startListening } from './listen.js';

/**
 * Looks at all ports before anything is made: a start that fails later would leave half of it behind.
 * @throws MillraceError `USAGE` when a port is given twice; `CANNOT_START` when one is taken
 */
export async function requireFreePorts(wanted: readonly ListenOptions[]): Promise<void> {
  for (const { port, option } of wanted) {
    const twice = wanted.find((other) => other.option !== option && other.port === port && port !== 0);
    if (twice) throw usageError(`${option} and ${twice.option} are both ${port}: give each a port of its own`);
  }
  for (const each of wanted) {
    await startListening(each, async () => {
      const server = createServer().listen(each.port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    });
  }
}
