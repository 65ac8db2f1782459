import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@millrace/kit/clock';
import type { SenderNetwork } from './sender-network.js';

/** For how long a flooding address is not heard. */
const deafMs = 60_000;
const maxFlooders = 10_000;

/** The addresses of connections that sent a flood. */
export interface Flooders {
  /** Closes what they open. */
  watch(server: Server): void;
  /** This connection sent a flood: all of its address are closed, and for a minute each new one. */
  add(socket: Socket): void;
}

/**
 * Nothing stops the HTTP parser in the middle of what has arrived: a connection with thousands of requests in 64 KiB
 * costs milliseconds, however early it is closed. So its address is not read again for a while.
 */
export function createFlooders(networks: Pick<SenderNetwork, 'ofConnection'>, clock: Clock): Flooders {
  const open = new Map<string, Set<Socket>>();
  const deafUntil = new Map<string, number>();

  function isDeafTo(network: string): boolean {
    const until = deafUntil.get(network);
    if (until === undefined) return false;
    if (clock.monotonicMs() < until) return true;
    deafUntil.delete(network);
    return false;
  }

  function remember(network: string, socket: Socket) {
    const sockets = open.get(network) ?? new Set();
    open.set(network, sockets.add(socket));
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0 && open.get(network) === sockets) open.delete(network);
    });
  }

  return {
    watch(server) {
      server.on('connection', (socket: Socket) => {
        const network = networks.ofConnection(socket);
        if (network === undefined) return;
        if (isDeafTo(network)) socket.destroy();
        else remember(network, socket);
      });
    },
    add(socket) {
      const network = networks.ofConnection(socket);
      socket.destroy();
      if (network === undefined) return;
      const oldest = deafUntil.size === maxFlooders ? deafUntil.keys().next().value : undefined;
      if (oldest !== undefined) deafUntil.delete(oldest);
      deafUntil.set(network, clock.monotonicMs() + deafMs);
      for (const other of open.get(network) ?? []) other.destroy();
    },
  };
}
