import type { FastifyPluginAsync } from 'fastify';
import type { Delivery } from '../core/delivery/delivery.js';
import type { Spool } from '../core/delivery/spool.js';

/**
 * `GET /healthz`: the process lives; restart it when it does not answer. `GET /readyz`: a new event would be accepted;
 * send none while it answers 503. In an outage of the stream it stays ready as long as the spool has room: other
 * servers see the same outage, and would only get its load. With a full spool it is not ready even if the stream
 * answers, while new events have to queue up behind the spool.
 */
export const health: FastifyPluginAsync<{ delivery: Delivery; spool: Spool }> = async (app, { delivery, spool }) => {
  app.get('/healthz', (_request, reply) => reply.send({ status: 'alive' }));

  app.get('/readyz', async (_request, reply) => {
    const { kinesis } = delivery.status();
    const { bytes, events, full, failure } = spool.stats();
    const aside = await spool.asideBytes().catch(() => 0);
    const spoolProblem = failure ?? (full ? 'is full' : undefined);
    const kinesisProblem = kinesis.state === 'down' ? `${kinesis.code}: ${kinesis.message}` : undefined;
    const isDraining = app.isDraining();
    const isFull = delivery.isFull();
    const isReady = !isDraining && !isFull && (kinesisProblem === undefined || spoolProblem === undefined);
    const notes = [
      ...(isDraining ? ['the server is shutting down'] : []),
      ...(kinesisProblem === undefined ? [] : [`the stream does not take events (${kinesisProblem})`]),
      ...(spoolProblem === undefined ? [] : [`the spool does not take events (${spoolProblem})`]),
      ...(isFull && kinesisProblem === undefined
        ? ['new events have to wait behind the spool, which is draining']
        : []),
      ...(isReady && kinesisProblem !== undefined ? ['the spool takes them meanwhile'] : []),
      ...(aside > 0 ? ['damaged entries of the spool are set aside: `millrace spool ls` lists them'] : []),
    ];
    return reply
      .code(isReady ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        ready: isReady,
        kinesis: kinesis.state,
        spool: { bytes, events, ...(aside > 0 ? { set_aside_bytes: aside } : {}) },
        ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
      });
  });
};
