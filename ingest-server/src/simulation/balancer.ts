import type { Clock } from '@millrace/kit/clock';
import type { Random } from '@millrace/kit/seeded-random';
import { hashOf } from '../core/hash.js';

/** The load balancer of a fleet. */
export interface Balancer<Server> {
  /** The server for a visitor's next request. */
  serverFor(visitor: number): Server;
  /** Sends nothing to a server from now on, or something again. */
  remove(server: Server): void;
  add(server: Server): void;
}

/** The servers, and how long a visitor's connection stays with one of them; 0: each request goes to any server. */
export interface BalancerOptions<Server> {
  clock: Pick<Clock, 'monotonicMs'>;
  random: Random;
  servers: readonly Server[];
  connectionMs: number;
}

/** A balancer that sends to all servers. */
export function createBalancer<Server>(options: BalancerOptions<Server>): Balancer<Server> {
  const { clock, random, servers, connectionMs } = options;
  let listed: readonly Server[] = servers;

  function ofConnection(visitor: number): Server {
    // Connections do not end all at once.
    const number = Math.floor((clock.monotonicMs() + (hashOf(`${visitor}`) % connectionMs)) / connectionMs);
    const server = servers[hashOf(`${visitor} ${number}`) % servers.length]!;
    return listed.includes(server) ? server : random.pick(listed);
  }

  return {
    serverFor: (visitor) => (connectionMs === 0 ? random.pick(listed) : ofConnection(visitor)),
    remove(server) {
      listed = listed.filter((one) => one !== server);
    },
    add(server) {
      listed = [...listed, server];
    },
  };
}
