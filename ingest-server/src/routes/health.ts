import type { FastifyPluginAsync } from 'fastify';
import type { Delivery } from '../core/delivery/delivery.js';
import type { Spool } from '../core/delivery/spool.js';

/**
 * `GET /healthz`: the process lives; restart it when it does not answer.
 * `GET /readyz`: a new event would be accepted; send it none while it answers 503. With the stream out of reach it would, as long as the
 * spool has room: other servers would see the same outage, and taking this one out would only spread its load over them. With a spool that is
 * full it would not, even if the stream answers, where all that comes has to queue up behind what the spool still has.
 */
export const health: FastifyPluginAsync<{ delivery: Delivery; spool: Spool }> = async (app, { delivery, spool }) => {
  app.get('/healthz', (_request, reply) => reply.send({ status: 'alive' }));

  app.get('/readyz', (_request, reply) => {
    const { kinesis } = delivery.status();
    const { bytes, events, full, failure } = spool.stats();
    const spoolProblem = failure ?? (full ? 'is full' : undefined);
    const kinesisProblem = kinesis.state === 'down' ? `${kinesis.code}: ${kinesis.message}` : undefined;
    const isDraining = app.isDraining();
    const isFull = delivery.isFull();
    const isReady = !isDraining && !isFull && (kinesisProblem === undefined || spoolProblem === undefined);
    const notes = [
      ...(isDraining ? ['the server is ending'] : []),
      ...(kinesisProblem === undefined ? [] : [`the stream does not take events (${kinesisProblem})`]),
      ...(spoolProblem === undefined ? [] : [`the spool does not take events (${spoolProblem})`]),
      ...(isFull && kinesisProblem === undefined
        ? ['the stream takes what the spool has, and new events have to wait behind that']
        : []),
      ...(isReady && kinesisProblem !== undefined ? ['the spool takes them meanwhile'] : []),
    ];
    return reply
      .code(isReady ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        ready: isReady,
        kinesis: kinesis.state,
        spool: { bytes, events },
        ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
      });
  });
};
