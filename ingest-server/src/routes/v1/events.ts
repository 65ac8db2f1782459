import { limits, type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import type { FastifyPluginAsync } from 'fastify';
import { batchKey, maxBatchIdLength } from '../../core/batch-key.js';
import { checkTypes, sentLines } from '../../core/body.js';
import { systemClock } from '../../core/clock.js';
import { type Delivery, NotSafeError } from '../../core/delivery.js';
import { type DeclaredNames, type Intake, takeIn } from '../../core/intake.js';
import { isAllowed, type Origins } from '../../core/origins.js';
import { createRecentBatches } from '../../core/recent-batches.js';
import type { SentLine } from '../../core/sent-line.js';
import { uuidv7 } from '../../core/uuid.js';
import { readBody } from '../../http/read-body.js';
import type { IngestObserver } from '../../observer.js';
import type { Metrics } from '../../plugins/metrics.js';
import { RequestError } from '../../request-error.js';

export interface EventsOptions {
  delivery: Delivery;
  metrics: Metrics;
  names: DeclaredNames;
  origins: Origins;
  isKey(key: string): boolean;
  observer: IngestObserver;
  observerFailed(error: unknown): void;
}

type Query = Partial<Record<string, string | string[]>>;

/** A parameter that is given twice is as good as none. */
const one = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

/** The client's clock when it sent, in milliseconds since 1970; what is no such number corrects nothing. */
function sentAtOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What is answered, but for the time. */
type Answer = Pick<Intake, 'accepted' | 'rejected'> & { warnings?: Intake['warnings'] };

/** The batch's id; undefined where there is none, and then nothing is remembered. @throws RequestError unreadable */
function batchIdOf(value: string | undefined): string | undefined {
  if (value !== undefined && value.length > maxBatchIdLength) {
    throw new RequestError(
      'unreadable',
      `batch has ${value.length} characters: any text of at most ${maxBatchIdLength} names a batch`,
    );
  }
  return value === '' ? undefined : value;
}

/** A day's retries come within minutes, a left page's with the next one: about 8 MB at most. */
const recentBatches = { maxBatches: 20_000, maxAgeMs: 60 * 60_000 };
/** Rejections and warnings are text; an answer with more of them is not worth its memory. */
const maxRememberedNotes = 10;

const codeOfStatus = new Map(
  Object.entries(requestErrors).map(([code, { status }]) => [status as number, code as RequestErrorCode]),
);

/** `POST /v1/events`: answers when the events are safe, and not before. */
export const events: FastifyPluginAsync<EventsOptions> = async (app, options) => {
  const { delivery, metrics, names, origins, isKey, observer } = options;
  const recent = createRecentBatches<Answer>({
    ...recentBatches,
    clock: systemClock,
    isSmall: ({ rejected, warnings = [] }) => rejected.length + warnings.length <= maxRememberedNotes,
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => readBody(payload, limits.batchBytes, done));

  app.route<{ Querystring: Query; Body: Buffer | null | undefined }>({
    method: 'POST',
    url: '/events',

    // Before the body: who is not let in costs no more than this.
    onRequest: async (request) => {
      const key = one(request.query.key) ?? '';
      if (!isKey(key)) {
        throw new RequestError(
          'wrong_key',
          key === '' ? 'the write key is missing: POST /v1/events?key=…' : 'the write key is not one of this server',
        );
      }
      const { origin } = request.headers;
      if (!isAllowed(origins, key, origin)) {
        throw new RequestError(
          'forbidden_origin',
          `the origin ${origin} may not send with this key: add it to MILLRACE_ORIGINS`,
        );
      }
      checkTypes(request.headers['content-type'], [
        one(request.query.encoding) ?? 'identity',
        request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity',
      ]);
    },

    onResponse: async (_request, reply) => {
      const code = reply.statusCode === 200 ? 'ok' : (codeOfStatus.get(reply.statusCode) ?? 'internal_error');
      metrics.answered(code, reply.elapsedTime / 1000);
    },

    handler: async (request, reply) => {
      const { headers, query, body } = request;
      const isGzip = query.encoding === 'gzip' || headers['content-encoding']?.trim().toLowerCase() === 'gzip';
      const batch = batchIdOf(one(query.batch));
      const lines = await sentLines(body ?? Buffer.alloc(0), headers['content-type'], isGzip);
      const work = () => store(lines, one(query.sent_at));
      const { answer, isRepeat } =
        batch === undefined
          ? { answer: await work(), isRepeat: false }
          : await recent.once(batchKey(one(query.key)!, batch, lines), work);
      if (isRepeat) metrics.repeated(answer.accepted + answer.rejected.length);
      return reply.type('application/json; charset=utf-8').send(JSON.stringify({ time: Date.now(), ...answer }));
    },
  });

  /** Takes the events in and resolves when they are safe. */
  async function store(lines: readonly SentLine[], sentAt: string | undefined): Promise<Answer> {
    const intake = takeIn(lines, {
      names,
      receivedAt: Date.now(),
      sentAt: sentAtOf(sentAt),
      keepEvents: observer.accepted !== undefined,
      newId: uuidv7,
    });
    try {
      await delivery.deliver(intake.chunks);
    } catch (error) {
      if (!(error instanceof NotSafeError)) throw error;
      throw new RequestError('unavailable', `the events cannot be stored safely now: ${error.message}`);
    }
    metrics.acknowledged(intake);
    if (observer.accepted !== undefined && intake.events.length > 0) {
      try {
        observer.accepted(intake.events);
      } catch (error) {
        options.observerFailed(error);
      }
    }
    const { accepted, rejected, warnings } = intake;
    return { accepted, rejected, ...(warnings.length > 0 ? { warnings } : {}) };
  }
};
