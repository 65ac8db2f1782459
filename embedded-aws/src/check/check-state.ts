import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { liveUser } from '@millrace/kit/folder-lock';
import { openDefinitions } from '../firehose/api/definitions.js';
import { readPositions } from '../firehose/read/position-store.js';
import { openCatalogue } from '../glue/catalogue.js';
import { logsFolder, readStreams, streamsFile } from '../kinesis/streams-file.js';
import { hasLogs } from '../record-log/has-logs.js';
import { checkLogs } from './check-logs.js';
import { checkMetadata, checkObjects } from './check-objects.js';
import { checkStateFile } from './check-state-file.js';
import { checkUploads } from './check-uploads.js';
import { bytesOf, entriesOf } from './files.js';
import { collectFindings, type Findings, type StateCheck } from './findings.js';

/**
 * Looks at every byte of an embedded AWS's state folder that has a checksum, and changes nothing. Also while it runs:
 * then what is being written may be looked at or not.
 */
export async function checkState(state: string): Promise<StateCheck> {
  const { of, all } = collectFindings();
  const kinesis = join(state, 'kinesis');
  const firehose = join(state, 'firehose');
  const s3 = join(state, 's3');
  const isThere = await stat(kinesis).catch(() => undefined);
  const inUseBy = isThere && (await liveUser(kinesis));
  await checkStreams(kinesis, of('Kinesis streams'));
  await checkLogs(logsFolder(kinesis), of('Kinesis records'));
  const definitions = join(firehose, 'delivery-streams.json');
  const deliveryStreams = of('delivery streams');
  await requireList(definitions, join(firehose, 'direct-put'), deliveryStreams);
  await checkStateFile(
    definitions,
    of('delivery streams'),
    async () => (await openDefinitions(definitions)).all().length,
  );
  const positions = of('positions');
  for (const { name } of await entriesOf(join(firehose, 'positions'))) {
    const path = join(firehose, 'positions', name);
    // The next version of a file, which nobody reads.
    if (name.endsWith('.json')) await checkStateFile(path, positions, async () => (await readPositions(path)).size);
  }
  await checkLogs(join(firehose, 'direct-put'), of('Direct PUT records'));
  const catalogue = join(state, 'glue', 'catalogue.json');
  await checkStateFile(
    catalogue,
    of('Glue databases'),
    async () => (await openCatalogue(catalogue)).databases().length,
  );
  const metaFolder = join(s3, '.meta');
  await checkObjects(s3, metaFolder, of('objects'));
  await checkMetadata(metaFolder, of('metadata of objects'));
  await checkUploads(metaFolder, of('uploads in parts'));
  return { inUseBy, ...all() };
}

async function checkStreams(folder: string, findings: Findings): Promise<void> {
  const file = streamsFile(folder);
  await checkStateFile(file, findings, async () => (await readStreams(folder))?.length ?? 0);
  const names = (await entriesOf(folder)).map(({ name }) => name);
  // A store of 0.1.0 has another list; it is taken over at the next start.
  if (!names.includes('CURRENT')) await requireList(file, logsFolder(folder), findings);
  if (names.includes('damaged-0.1.0'))
    findings.damage({
      file: join(folder, 'damaged-0.1.0'),
      what: 'has the files of a store of 0.1.0 of which a part could not be read',
    });
}

async function requireList(file: string, logs: string, findings: Findings): Promise<void> {
  if ((await bytesOf(file)) === undefined && (await hasLogs(logs)))
    findings.damage({ file, what: `is missing, and ${logs} has records. Put back a copy of it` });
}
