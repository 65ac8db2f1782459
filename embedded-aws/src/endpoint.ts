import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { loopback } from '@millrace/kit/host-check';
import { MillraceError } from '@millrace/kit/millrace-error';
import { createDoor, refuseStranger } from './door.js';
import { isHttp2Preface, refuseHttp2 } from './http2-refusal.js';
import { AwsError, notSupported } from './json-service/aws-error.js';
import { targetOf } from './json-service/read-request.js';
import { sendAwsError } from './json-service/send-answer.js';
import type { AwsService, Log } from './service.js';
import { sendXmlError } from './xml-error.js';

/**
 * The one address of the embedded AWS: finds the service that a request is for, by its `x-amz-target`, and hands the
 * request over.
 */

/** The options of `startEndpoint`. */
export interface EndpointOptions {
  /** 0 takes a free one. */
  port: number;
  /** 127.0.0.1: no signature is checked, so it is for this machine only. */
  host?: string;
  /**
   * The names that it answers under, of which a page's origin must have one, too: those of this machine when left out,
   * every name when empty.
   */
  hosts?: readonly string[];
  /** A request without `x-amz-target` goes to the first of them that accepts it. */
  services: readonly AwsService[];
  /** What `GET /metrics` answers, in Prometheus' text format. */
  metrics?: () => string;
  log: Log;
  /** How long `close` waits for requests that are running; 5,000 milliseconds. */
  finishWithinMs?: number;
}

/** An endpoint that listens. */
export interface Endpoint {
  /** `http://127.0.0.1:4566` */
  url: string;
  port: number;
  /**
   * Takes no more connections, lets the requests that are running finish (5 s at most), and closes their connections.
   * The services stay open, for the caller to close.
   */
  close(): Promise<void>;
}

/**
 * Longer than SDK clients keep an idle connection, so that it is they who close it and no request meets a closing one.
 */
const keepAliveMs = 75_000;

/** @throws MillraceError that names the port when it is taken or not allowed. */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { host = '127.0.0.1', hosts = [loopback], services, log, finishWithinMs = 5_000 } = options;
  const strangerIn = createDoor(hosts);
  let closing = false;
  let loggedHttp2 = false;

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
    const service = serviceFor(request, services);
    try {
      const stranger = strangerIn(request);
      if (stranger) refuseStranger(request, response, stranger);
      else if (options.metrics && isScrape(request)) sendMetrics(response, options.metrics());
      else if (service) await service.handle(request, response);
      else sendAwsError(response, unknownTarget(String(header), services));
    } catch (error) {
      // A client that went away waits for no answer.
      if (request.socket.destroyed) return;
      const message = error instanceof Error ? error.message : String(error);
      log(`${service?.name}: ${String(header ?? `${request.method} ${request.url}`)} failed: ${message}`);
      if (response.headersSent) response.destroy();
      else if (service?.target === undefined) sendXmlError(response, new AwsError('InternalError', message, 500));
      else sendAwsError(response, error instanceof AwsError ? error : new AwsError('InternalFailure', message, 500));
    } finally {
      // A service that answered without reading a body leaves it in the connection's way.
      if (!request.complete) request.resume();
    }
  }

  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (isHttp2Preface(error.rawPacket)) {
      if (!loggedHttp2)
        log(
          'A client spoke HTTP/2, and the embedded AWS speaks HTTP/1.1. The Kinesis client of the AWS SDK for JavaScript speaks HTTP/2 by ' +
            'default: give it requestHandler: new NodeHttpHandler() from @smithy/node-http-handler.',
        );
      loggedHttp2 = true;
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

function serviceFor(request: IncomingMessage, services: readonly AwsService[]): AwsService | undefined {
  if (request.headers['x-amz-target'] === undefined) return services.find((service) => service.accepts?.(request));
  const asked = targetOf(request)?.service;
  return asked === undefined ? undefined : services.find(({ target }) => target === asked);
}

function unknownTarget(target: string, services: readonly AwsService[]): AwsError {
  const known = services.map((service) => (service.target ? `${service.name} (${service.target})` : service.name));
  return notSupported('The embedded AWS', target, `${known.slice(0, -1).join(', ')} and ${known.at(-1)}`);
}

function explained(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new MillraceError('PORT_TAKEN', `Port ${port} on ${host} is taken by another program.`, { cause: error });
  if (error.code === 'EACCES')
    return new MillraceError('PORT_FORBIDDEN', `This user may not open port ${port} on ${host}.`, { cause: error });
  return new MillraceError(
    'CANNOT_LISTEN',
    `The embedded AWS cannot listen on ${host}, port ${port}: ${error.message}`,
    {
      cause: error,
    },
  );
}
