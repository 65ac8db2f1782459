import { createKinesisSink, type Sink, SinkError } from '@millrace/ingest-server';
import { runningServer } from '../state/running-servers.js';
import { awsTarget, noAwsText } from '../targets/aws-target.js';

/**
 * The stream of the embedded AWS that runs on the state folder, which may start later, end, and come back on another
 * port: after each failure it is looked for again. While none runs nothing is put, and the spool takes the events.
 */
export function createFoundStream(stream: string, state: string): Sink {
  let found: { url: string; sink: Sink } | undefined;
  let isLost = true;

  function sinkNow(): Sink {
    const url = isLost ? runningServer(state, 'aws')?.url : found?.url;
    if (url === undefined) throw new SinkError('unreachable', 'NoEndpoint', noAwsText(state));
    if (found?.url !== url) {
      found?.sink.close();
      const { requestHandler: _, ...clientConfig } = awsTarget({ endpointUrl: url }).clientConfig;
      found = { url, sink: createKinesisSink({ stream, clientConfig }) };
    }
    isLost = false;
    return found.sink;
  }

  async function call<Answer>(ask: (sink: Sink) => Promise<Answer>): Promise<Answer> {
    try {
      return await ask(sinkNow());
    } catch (error) {
      isLost = true;
      throw error;
    }
  }

  return {
    put: (records) => call((sink) => sink.put(records)),
    ranges: () => call((sink) => sink.ranges()),
    read: (span, visit) => call((sink) => sink.read(span, visit)),
    close: () => found?.sink.close(),
  };
}
