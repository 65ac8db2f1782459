import type { IncomingMessage } from 'node:http';
import type { AwsService } from '../service.js';
import { AwsError } from './aws-error.js';
import type { Body, RunOperation } from './operations.js';
import { parseJsonBody, readBody, targetOf } from './read-request.js';
import { sendAwsError, sendJson } from './send-answer.js';

/** The options of `createJsonService`. */
export interface JsonServiceOptions {
  /** As people know it: `Data Firehose`. */
  name: string;
  /** The service's part of `x-amz-target`: `Firehose_20150804`. */
  target: string;
  maxBodyBytes: number;
  run: RunOperation<object | Promise<object>>;
  /** `parseJsonBody` when left out. @throws AwsError when the body is not a JSON object */
  parse?: (body: Buffer) => Body;
  /** Looks at the headers once the body is read. @throws AwsError to refuse the request */
  check?: (request: IncomingMessage) => void;
}

/**
 * A service that speaks AWS JSON 1.1: reads the body, runs the operation that the header names, and answers it or its
 * AwsError.
 */
export function createJsonService({
  name,
  target,
  maxBodyBytes,
  run,
  parse = parseJsonBody,
  check,
}: JsonServiceOptions): Required<Pick<AwsService, 'name' | 'target'>> & Pick<AwsService, 'handle'> {
  return {
    name,
    target,
    async handle(request, response) {
      try {
        const asked = targetOf(request);
        if (asked?.service !== target)
          throw new AwsError('UnknownOperationException', `The x-amz-target header must be ${target}.<operation>.`);
        const body = await readBody(request, maxBodyBytes);
        check?.(request);
        sendJson(response, await run(asked.operation, parse(body)));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        sendAwsError(response, error);
      }
    },
  };
}
