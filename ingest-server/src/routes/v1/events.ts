import type { IncomingMessage } from 'node:http';
import { systemClock } from '@millrace/kit/clock';
import { uuidV7 } from '@millrace/kit/uuid';
import { limits } from '@millrace/sdk/schema';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { createBotCheck } from '../../core/admission/bots.js';
import type { Delivery } from '../../core/delivery/delivery.js';
import { NotSafeError } from '../../core/delivery/not-safe-error.js';
import type { SentBody } from '../../core/intake/body.js';
import type { Envelope } from '../../core/intake/envelope.js';
import { type DeclaredNames, type Intake, takeIn } from '../../core/intake/intake.js';
import { packingOf } from '../../core/intake/packing.js';
import { briefRejection } from '../../core/intake/rejection.js';
import type { SentLine } from '../../core/intake/sent-line.js';
import { batchKey, batchName } from '../../core/repeats/batch-key.js';
import type { ClaimedIds } from '../../core/repeats/claimed-ids.js';
import { createRecentBatches } from '../../core/repeats/recent-batches.js';
import { RequestError } from '../../core/request-error.js';
import type { AddressLimits } from '../../http/address-limits.js';
import { readBody } from '../../http/read-body.js';
import type { IngestObserver } from '../../observer.js';
import type { Metrics } from '../../plugins/metric-counters.js';
import type { Admission, Arriving } from './admission.js';
import { createEnvelopeGate } from './envelope-gate.js';
import { batchIdOf, type EventsQuery, sentAtOf } from './events-query.js';
import { limitedBody } from './limited-body.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The write key of an admitted request; undefined until then. */
    writeKey: string | undefined;
  }
}

/** The stages that a request passes, in order, and who sees the result. */
export interface EventsOptions {
  admission: Admission;
  addressLimits: AddressLimits;
  delivery: Delivery;
  metrics: Metrics;
  claimedIds: ClaimedIds;
  names: DeclaredNames;
  /** The site of each write key. */
  sites: ReadonlyMap<string, string>;
  observer: IngestObserver;
  observerFailed(error: unknown): void;
}

/** A request whose body has arrived. */
interface Arrived extends Arriving {
  raw: IncomingMessage;
  body: Buffer | null | undefined;
  envelope: Envelope | undefined;
}

/** A request's events, and what is known of all of them. */
interface Sent {
  key: string;
  lines: readonly SentLine[];
  sentBytes: number;
  sentAt: number | undefined;
  isBot: boolean;
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
 * characters, 20 warnings at most 24,000; an answer full of rejections is not worth its memory.
 */
const recentBatches = { maxBatches: 20_000, maxAgeMs: 60 * 60_000, maxChars: 8_000_000, maxAnswerChars: 24_000 };

/** As browsers and servers write them: Fastify finds a parser fastest under the header's exact text. */
const commonTypes = ['text/plain', 'text/plain;charset=UTF-8', 'application/x-ndjson', 'application/json'];

/** `POST /v1/events`: answers when the events are safe, and not before. */
export const events: FastifyPluginAsync<EventsOptions> = async (app, options) => {
  const { admission, addressLimits, delivery, metrics, claimedIds, names, sites, observer } = options;
  const isBotAgent = createBotCheck();
  const recent = createRecentBatches<Answer>({
    ...recentBatches,
    clock: systemClock,
    charsOf: ({ rejected, warnings }) =>
      rejected.length === 0 && warnings === undefined ? 0 : JSON.stringify({ rejected, warnings }).length,
  });

  app.decorateRequest('writeKey', undefined);
  app.removeAllContentTypeParsers();
  for (const type of [...commonTypes, '*']) {
    app.addContentTypeParser(type, (request, payload, done) => {
      // An error is handed on to the handler: Fastify would close the connection for it. But the body is read to its
      // end, and a browser whose connection is closed while it sends may not see the answer.
      const pass = (error: Error | null, body?: Buffer) => done(null, error ?? body);
      readBody(payload, limits.batchBytes, pass, request.writeKey === undefined ? gateOf(request) : undefined);
    });
  }

  const gateOf = (request: FastifyRequest) =>
    createEnvelopeGate((envelope) => {
      request.envelope = envelope;
      request.writeKey = admission.byEnvelope(request as FastifyRequest<{ Querystring: EventsQuery }>, envelope);
    });

  app.route<{ Querystring: EventsQuery; Body: Buffer | Error | null | undefined }>({
    method: 'POST',
    url: '/events',

    onRequest(request, _reply, done) {
      try {
        request.writeKey = admission.byQuery(request);
      } catch (error) {
        done(error as Error);
        return;
      }
      done();
    },

    onResponse(request, reply, done) {
      const code = reply.statusCode === 200 ? 'ok' : (request.refusedWith ?? 'internal_error');
      metrics.answered(code, reply.elapsedTime / 1000);
      done();
    },

    async handler(request, reply) {
      if (request.body instanceof Error) throw request.body;
      // A request without a body has passed no gate.
      const key = request.writeKey ?? admission.byEnvelope(request, undefined);
      reply.type('application/json; charset=utf-8');
      const batch = batchIdOf(request.query, request.envelope);
      return batch !== undefined && !request.body?.length ? ask(key, batch) : begin(request as Arrived, key);
    },
  });

  /** An empty request, or one with nothing but an envelope, asks whether a batch is safe, before it is sent again. */
  async function ask(key: string, batch: string): Promise<string> {
    return written(batch, { known: await recent.knows(batchName(key, batch)) });
  }

  /**
   * Neither this nor what it calls is async: hundreds of requests wait for the stream at a time, and must not hold
   * their bodies and texts meanwhile, or each garbage collection has to move them.
   */
  function begin(request: Arrived, key: string): Promise<string> {
    const { raw, body, headers, query } = request;
    const packing = packingOf(query.encoding, headers['content-encoding']);
    const sent = limitedBody(addressLimits, { raw, headers, bytes: body ?? Buffer.alloc(0), packing });
    request.body = undefined;
    return 'then' in sent ? sent.then((them) => answerTo(request, key, them)) : answerTo(request, key, sent);
  }

  function answerTo(request: Arrived, key: string, { lines, envelope, sentBytes }: SentBody): Promise<string> {
    const { query } = request;
    request.envelope = envelope;
    const batch = batchIdOf(query, envelope);
    if (lines.length > 0) {
      const isBot = isBotAgent(request.headers['user-agent']);
      const sent = { key, lines, sentBytes, sentAt: sentAtOf(query, envelope), isBot };
      return onceOrAgain(sent, batch).then(answered);
    }
    if (batch !== undefined) return ask(key, batch);
    throw new RequestError('unreadable', 'the body has no events: send one JSON object a line');

    function answered({ answer, isRepeat }: Remembered): string {
      if (isRepeat) repeated(answer.accepted + answer.duplicates + answer.rejected.length);
      return written(batch, answer);
    }
  }

  function onceOrAgain(sent: Sent, batch: string | undefined): Promise<Remembered> {
    const { key, lines } = sent;
    const work = () => store(sent);
    if (batch !== undefined) return recent.once(batchKey(key, batch, lines), work, batchName(key, batch));
    return work().then(asFirst);
  }

  /** Puts the events into chunks, delivers them, and resolves when they are safe. */
  function store({ key, lines, ...sent }: Sent): Promise<Answer> {
    const claims = claimedIds.begin(key);
    const intake = takeIn(lines, {
      names,
      receivedAt: Date.now(),
      ...sent,
      site: sites.get(key)!,
      keepEvents: observer.accepted !== undefined || observer.rejected !== undefined,
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

  function tell(what: () => void): void {
    try {
      what();
    } catch (error) {
      options.observerFailed(error);
    }
  }

  function repeated(events: number): void {
    metrics.repeated(events);
    tell(() => observer.repeated?.(events));
  }

  function acknowledge(intake: Intake): Answer {
    metrics.acknowledged(intake);
    if (intake.duplicates > 0) repeated(intake.duplicates);
    if (intake.events.length > 0) tell(() => observer.accepted?.(intake.events));
    if (intake.rejectedEvents.length > 0) tell(() => observer.rejected?.(intake.rejectedEvents));
    const { accepted, duplicates, warnings } = intake;
    const rejected = intake.rejected.map(briefRejection);
    return { accepted, duplicates, rejected, ...(warnings.length > 0 ? { warnings } : {}) };
  }
};
