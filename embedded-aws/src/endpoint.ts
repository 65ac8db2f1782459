import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { cloudWatchTarget, isCloudWatchCall } from './cloudwatch/index.js';
import { glueTarget } from './glue/index.js';
import { isHttp2Preface, refuseHttp2 } from './http2-refusal.js';
import { AwsError, sendAwsError, targetOf } from './json-protocol.js';
import { type AwsPart, type Log, whatThereIs } from './part.js';

/** The one address of the embedded AWS: tells by the request's `x-amz-target` which service is meant, and hands it over. */

export interface EndpointOptions {
  /** 0 takes a free one. */
  port: number;
  /** 127.0.0.1: nothing here checks who is asking, so it is for this machine only. */
  host?: string;
  parts: { kinesis: AwsPart; firehose: AwsPart; s3: AwsPart; cloudwatch?: AwsPart; glue?: AwsPart };
  /** What `GET /metrics` answers, in Prometheus' text format. */
  metrics?: () => string;
  log: Log;
  /** How long `close` waits for requests that are running; 5,000 milliseconds. */
  finishWithinMs?: number;
}

export interface Endpoint {
  /** `http://127.0.0.1:4566` */
  url: string;
  port: number;
  /**
   * Takes no more connections, lets the requests that are running finish (5 s at most), and closes their connections. The parts stay open: who
   * opened them closes Data Firehose before this, because it reads from Kinesis and writes to S3 through the endpoint until it has stopped, and
   * Kinesis and S3 after it.
   */
  close(): Promise<void>;
}

/** Longer than SDK clients keep an idle connection, so that it is they who close it and no request meets a closing one. */
const keepAliveMs = 75_000;

/** @throws Error that names the port when it is taken or not allowed. */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { host = '127.0.0.1', parts, log, finishWithinMs = 5_000 } = options;
  const services = new Map([
    ['Kinesis_20131202', parts.kinesis],
    ['Firehose_20150804', parts.firehose],
    ...(parts.glue ? ([[glueTarget, parts.glue]] as const) : []),
    ...(parts.cloudwatch ? ([[cloudWatchTarget, parts.cloudwatch]] as const) : []),
  ]);
  let closing = false;
  let saidHttp2 = false;

  const server = createServer((request, response) => {
    // While closing, a connection ends with the answer that it still waits for.
    response.on('close', () => {
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
    void answer(request, response);
  });
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = keepAliveMs + 1_000;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const header = request.headers['x-amz-target'];
    const other = parts.cloudwatch && isCloudWatchCall(request) ? parts.cloudwatch : parts.s3;
    const part = header === undefined ? other : services.get(targetOf(request)?.service ?? '');
    try {
      if (options.metrics && isScrape(request)) sendMetrics(response, options.metrics());
      else if (part) await part.handle(request, response);
      else sendAwsError(response, unknownTarget(String(header), services));
    } catch (error) {
      // A client that went away waits for no answer, and its going is no fault of ours.
      if (request.socket.destroyed) return;
      const message = error instanceof Error ? error.message : String(error);
      log(`${part?.name}: ${String(header ?? `${request.method} ${request.url}`)} failed: ${message}`);
      if (response.headersSent) response.destroy();
      else if (part === parts.s3) sendXmlFailure(response, message);
      else sendAwsError(response, error instanceof AwsError ? error : new AwsError('InternalFailure', message, 500));
    } finally {
      // A part that answered without reading a body leaves it in the connection's way.
      if (!request.complete) request.resume();
    }
  }

  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (isHttp2Preface(error.rawPacket)) {
      if (!saidHttp2)
        log(
          'A client spoke HTTP/2, and the embedded AWS speaks HTTP/1.1. The Kinesis client of the AWS SDK for JavaScript does so by itself: ' +
            'give it requestHandler: new NodeHttpHandler() from @smithy/node-http-handler.',
        );
      saidHttp2 = true;
      refuseHttp2(socket as Socket);
    } else if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    else socket.destroy();
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, host, options.port)));
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close() {
      closing = true;
      stopped ??= stop(server, finishWithinMs);
      return stopped;
    },
  };
}

/** A bucket may be called `metrics` too, but SDKs sign what they ask of it. */
const isScrape = ({ method, url, headers }: IncomingMessage): boolean =>
  method === 'GET' && url === '/metrics' && headers.authorization === undefined;

function sendMetrics(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(text);
}

async function stop(server: Server, finishWithinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const enough = new AbortController();
  const late = delay(finishWithinMs, undefined, { signal: enough.signal }).then(
    () => server.closeAllConnections(),
    () => {},
  );
  await closed;
  enough.abort();
  await late;
}

function unknownTarget(target: string, services: Map<string, AwsPart>): AwsError {
  const known = [...services].map(([service, part]) => `${part.name} (${service})`);
  return new AwsError(
    'UnknownOperationException',
    `The embedded AWS does not have ${target}. It has ${known.join(', ')} and S3. ${whatThereIs}`,
  );
}

function sendXmlFailure(response: ServerResponse, message: string): void {
  const text = message.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
  response.writeHead(500, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InternalError</Code><Message>${text}</Message></Error>`,
  );
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new Error(`Port ${port} on ${host} is taken by another program.`, { cause: error });
  if (error.code === 'EACCES')
    return new Error(`Port ${port} on ${host} may not be opened by this user.`, { cause: error });
  return new Error(`The embedded AWS cannot listen on ${host}, port ${port}: ${error.message}`, { cause: error });
}
