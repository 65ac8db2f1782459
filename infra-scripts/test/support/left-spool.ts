import { loadConfig, type Sink, SinkError, startIngestServer } from '@millrace/ingest-server';

const refused = async (): Promise<never> => {
  throw new SinkError('unreachable', 'ECONNREFUSED', 'refused');
};
const out: Sink = { put: refused, ranges: refused, read: refused, close() {} };

/** Sends batches to a server whose stream is out, and ends it: the events lie in its spool. */
export async function leaveSpool(folder: string, batches: readonly (readonly object[])[]): Promise<void> {
  const config = loadConfig({
    MILLRACE_WRITE_KEYS: 'demo',
    MILLRACE_PORT: '0',
    MILLRACE_HOST: '127.0.0.1',
    MILLRACE_SPOOL_FOLDER: folder,
  });
  const server = await startIngestServer(config, { sink: out });
  for (const batch of batches) {
    const body = batch.map((event) => JSON.stringify(event)).join('\n');
    const answer = await fetch(`${server.url}/v1/events?key=demo`, { method: 'POST', body });
    if (answer.status !== 200) throw new Error(await answer.text());
  }
  await server.close();
}
