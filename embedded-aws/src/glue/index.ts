import { join } from 'node:path';
import { AwsError, parseJsonBody, readBody, sendAwsError, sendJson, targetOf } from '../json-protocol.js';
import type { AwsPart } from '../part.js';
import { type Catalogue, openCatalogue } from './catalogue.js';
import { answerGlue } from './operations.js';

/** The `x-amz-target` prefix of the service. */
export const glueTarget = 'AWSGlue';

const maxBodyBytes = 4 * 1024 * 1024;

export interface Glue extends AwsPart {
  readonly catalogue: Catalogue;
}

/**
 * As much of Glue's data catalogue as Data Firehose's format conversion needs: databases, tables and their versions.
 * @throws Error naming the file and what to do when the stored state is damaged
 */
export async function openGlue({ folder }: { folder: string }): Promise<Glue> {
  const catalogue = await openCatalogue(join(folder, 'catalogue.json'));
  return {
    name: 'Glue',
    catalogue,
    async handle(request, response) {
      try {
        const body = parseJsonBody(await readBody(request, maxBodyBytes));
        sendJson(response, await answerGlue(catalogue, targetOf(request)!.operation, body));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        sendAwsError(response, error);
      }
    },
    async close() {},
  };
}
