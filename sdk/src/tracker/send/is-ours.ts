import { attempt } from '../browser/attempt.js';
import { parse } from '../browser/builtins.js';
import type { Batch } from '../queue/batch.js';
import type { Answer } from './transport.js';

/** The body of the ingest server's answer to a batch, or to the question whether it has it. */
interface AnswerBody {
  time?: number;
  batch?: string;
  accepted: number;
  duplicates?: number;
  rejected: unknown[];
  known?: boolean;
  error?: { code: string };
}

/**
 * Whether only the ingest server can have given this answer to this batch: it names the batch and accounts for each of
 * its lines, or says that it knows the batch, or why it refuses it. Everything else may come from a service worker, a
 * proxy, a firewall or a hotel's login page, and says nothing about the events: also `known: false`, to which a proxy
 * that drops the body leads. A server of 0.1.0 names no batch.
 */
export const isOurs = (answer: Answer, batch: Batch): boolean =>
  !!attempt(() => {
    const { id, lines } = batch;
    const {
      time,
      batch: named = time && id,
      accepted,
      duplicates = 0,
      rejected,
      known,
      error,
    } = parse(answer.text!) as AnswerBody;
    if (named !== id) return false;
    return answer.status < 400
      ? known === true || accepted + duplicates + rejected.length === lines.length
      : error!.code;
  });
