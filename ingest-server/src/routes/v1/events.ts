import type { IncomingHttpHeaders } from 'node:http';
import { systemClock } from '@millrace/kit/clock';
import { uuidV7 } from '@millrace/kit/uuid';
import { limits, type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import type { FastifyPluginAsync } from 'fastify';
import type { Delivery } from '../../core/delivery/delivery.js';
import { NotSafeError } from '../../core/delivery/not-safe-error.js';
import { packingOf, sentLines } from '../../core/intake/body.js';
import { type DeclaredNames, type Intake, takeIn } from '../../core/intake/intake.js';
import type { SentLine } from '../../core/intake/sent-line.js';
import { batchKey, batchName } from '../../core/repeats/batch-key.js';
import type { ClaimedIds } from '../../core/repeats/claimed-ids.js';
import { createRecentBatches } from '../../core/repeats/recent-batches.js';
import { RequestError } from '../../core/request-error.js';
import { readBody } from '../../http/read-body.js';
import type { IngestObserver } from '../../observer.js';
import type { Metrics } from '../../plugins/metric-counters.js';
import type { Admission } from './admission.js';
import { briefRejection } from './brief-rejection.js';
import { batchIdOf, type EventsQuery, sentAtOf } from './events-query.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The write key of an admitted request. */
    writeKey: string;
  }
}

/** The stages that a request passes, in order, and who sees the result. */
export interface EventsOptions {
  admit: Admission;
  delivery: Delivery;
  metrics: Metrics;
  claimedIds: ClaimedIds;
  names: DeclaredNames;
  observer: IngestObserver;
  observerFailed(error: unknown): void;
}

/** An admitted request whose body has arrived. */
interface Arrived {
  headers: IncomingHttpHeaders;
  query: EventsQuery;
  writeKey: string;
  body: Buffer | null | undefined;
}

/** What became of each line: `accepted + duplicates + rejected.length` lines were sent. */
type Answer = Pick<Intake, 'accepted' | 'duplicates' | 'rejected'> & { warnings?: Intake['warnings'] };

/** An answer, and whether its batch was stored before. */
interface Remembered {
  answer: Answer;
  isRepeat: boolean;
}
/** The answer's text. It names the batch, so that nobody takes another server's answer, or a stored one, for it. */
const written = (batch: string | undefined, answer: object) => JSON.stringify({ time: Date.now(), batch, ...answer });
const asFirst = (answer: Answer): Remembered => ({ answer, isRepeat: false });

/**
 * Retries come within minutes; those of a page that was left, with the visitor's next page. Most batches take 150
 * characters; an answer full of rejections is not worth its memory.
 */
const recentBatches = { maxBatches: 20_000, maxAgeMs: 60 * 60_000, maxChars: 8_000_000, maxAnswerChars: 8_000 };

const codeOfStatus = new Map(
  Object.entries(requestErrors).map(([code, { status }]) => [status as number, code as RequestErrorCode]),
);
/** As browsers and servers write them: Fastify finds a parser fastest under the header's exact text. */
const commonTypes = ['text/plain', 'text/plain;charset=UTF-8', 'application/x-ndjson', 'application/json'];

/** `POST /v1/events`: answers when the events are safe, and not before. */
export const events: FastifyPluginAsync<EventsOptions> = async (app, options) => {
  const { delivery, metrics, claimedIds, names, observer } = options;
  const recent = createRecentBatches<Answer>({
    ...recentBatches,
    clock: systemClock,
    charsOf: ({ rejected, warnings }) =>
      rejected.length === 0 && warnings === undefined ? 0 : JSON.stringify({ rejected, warnings }).length,
  });

  app.decorateRequest('writeKey', '');
  app.removeAllContentTypeParsers();
  for (const type of [...commonTypes, '*']) {
    app.addContentTypeParser(type, (_request, payload, done) => readBody(payload, limits.batchBytes, done));
  }

  app.route<{ Querystring: EventsQuery; Body: Buffer | null | undefined }>({
    method: 'POST',
    url: '/events',

    onRequest(request, _reply, done) {
      try {
        request.writeKey = options.admit(request);
      } catch (error) {
        done(error as Error);
        return;
      }
      done();
    },

    onResponse(_request, reply, done) {
      const code = reply.statusCode === 200 ? 'ok' : (codeOfStatus.get(reply.statusCode) ?? 'internal_error');
      metrics.answered(code, reply.elapsedTime / 1000);
      done();
    },

    async handler(request, reply) {
      const { writeKey } = request;
      const batch = batchIdOf(request.query);
      reply.type('application/json; charset=utf-8');
      // An empty request asks whether a batch is safe, before it is sent again.
      if (batch !== undefined && !request.body?.length)
        return written(batch, { known: await recent.knows(batchName(writeKey, batch)) });
      const { answer, isRepeat } = await begin(request, batch);
      if (isRepeat) metrics.repeated(answer.accepted + answer.duplicates + answer.rejected.length);
      return written(batch, answer);
    },
  });

  /**
   * Neither this nor what it calls is async: hundreds of requests wait for the stream at a time, and must not hold
   * their bodies and texts meanwhile, or each garbage collection has to move them.
   */
  function begin(request: Arrived, batch: string | undefined): Promise<Remembered> {
    const { headers, query, writeKey } = request;
    const packing = packingOf(query.encoding, headers['content-encoding']);
    const lines = sentLines(request.body ?? Buffer.alloc(0), headers['content-type'], packing);
    request.body = undefined;
    return Array.isArray(lines)
      ? onceOrAgain(lines, writeKey, sentAtOf(query), batch)
      : lines.then((them) => onceOrAgain(them, writeKey, sentAtOf(query), batch));
  }

  function onceOrAgain(
    lines: readonly SentLine[],
    key: string,
    sentAt: number | undefined,
    batch: string | undefined,
  ): Promise<Remembered> {
    const work = () => store(lines, key, sentAt);
    if (batch !== undefined) return recent.once(batchKey(key, batch, lines), work, batchName(key, batch));
    return work().then(asFirst);
  }

  /** Puts the events into chunks, delivers them, and resolves when they are safe. */
  function store(lines: readonly SentLine[], key: string, sentAt: number | undefined): Promise<Answer> {
    const claims = claimedIds.begin(key);
    const intake = takeIn(lines, {
      names,
      receivedAt: Date.now(),
      sentAt,
      keepEvents: observer.accepted !== undefined,
      isRepeat: claims.isRepeat,
      newId: uuidV7,
    });
    return delivery.deliver(intake.chunks).then(() => {
      claims.commit();
      return acknowledge(intake);
    }, refuse);
  }

  function refuse(error: unknown): never {
    if (!(error instanceof NotSafeError)) throw error;
    throw new RequestError('unavailable', `the events cannot be stored safely now: ${error.message}`);
  }

  function acknowledge(intake: Intake): Answer {
    metrics.acknowledged(intake);
    if (intake.duplicates > 0) metrics.repeated(intake.duplicates);
    if (observer.accepted !== undefined && intake.events.length > 0) {
      try {
        observer.accepted(intake.events);
      } catch (error) {
        options.observerFailed(error);
      }
    }
    const { accepted, duplicates, warnings } = intake;
    const rejected = intake.rejected.map(briefRejection);
    return { accepted, duplicates, rejected, ...(warnings.length > 0 ? { warnings } : {}) };
  }
};
