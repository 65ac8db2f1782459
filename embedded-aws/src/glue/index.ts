import { join } from 'node:path';
import { createJsonService } from '../json-service/json-service.js';
import type { AwsService } from '../service.js';
import { type Catalogue, openCatalogue } from './catalogue.js';
import { glueOperations } from './operations.js';

/** Glue as a service, and its tables. */
export interface Glue extends AwsService {
  readonly catalogue: Catalogue;
}

/**
 * As much of Glue's data catalogue as Data Firehose's format conversion needs: databases, tables and their versions.
 * @throws Error naming the file and what to do when the stored state is damaged
 */
export async function openGlue({ folder }: { folder: string }): Promise<Glue> {
  const catalogue = await openCatalogue(join(folder, 'catalogue.json'));
  return {
    ...createJsonService({
      name: 'Glue',
      target: 'AWSGlue',
      maxBodyBytes: 4 * 1024 * 1024,
      run: glueOperations(catalogue),
    }),
    catalogue,
    async close() {},
  };
}
