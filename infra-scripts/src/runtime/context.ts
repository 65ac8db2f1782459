import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { resolve } from 'node:path';
import { localRegion } from '@millrace/kit/local-aws';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { runningPart } from './running.js';

/** The command was called wrongly: shown without a stack; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something that the person can act on went wrong: shown without a stack; the exit code is 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface ContextOptions {
  /** The state folder, `--state`. */
  state?: string | undefined;
  /** An AWS endpoint, `--endpoint-url`. */
  endpointUrl?: string | undefined;
}

/** The folder that holds the embedded AWS's streams, objects and positions: `--state`, else MILLRACE_STATE, else `.millrace` here. */
export function stateFolder(options: ContextOptions = {}): string {
  return resolve(options.state ?? process.env.MILLRACE_STATE ?? '.millrace');
}

/** What an AWS SDK client needs to reach AWS or the embedded AWS. */
export interface AwsTarget {
  /** Spread into any AWS SDK client's configuration. */
  clientConfig: {
    endpoint?: string;
    region?: string;
    credentials?: { accessKeyId: string; secretAccessKey: string };
    requestHandler: NodeHttpHandler;
  };
  /** For messages: `the embedded AWS at http://127.0.0.1:4566`, `AWS`. */
  description: string;
}

/** Whether an endpoint is on this machine: then it is the embedded AWS. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/** HTTP/1.1 with keep-alive: the Kinesis client's default opens a TLS session for each call (aws-sdk-js-v3 issue 8279). */
export function keepAliveHandler(maxSockets = 50): NodeHttpHandler {
  return new NodeHttpHandler({
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets }),
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
  });
}

/**
 * Where AWS calls go: `--endpoint-url`, else AWS_ENDPOINT_URL, else the embedded AWS that runs on the state folder, else AWS itself.
 * @throws UsageError when the endpoint is no URL.
 */
export function awsTarget(options: ContextOptions = {}): AwsTarget {
  const requestHandler = keepAliveHandler();
  const endpoint = options.endpointUrl ?? process.env.AWS_ENDPOINT_URL ?? runningPart(stateFolder(options), 'aws')?.url;
  if (endpoint === undefined || endpoint === '') return { clientConfig: { requestHandler }, description: 'AWS' };
  if (!URL.canParse(endpoint)) {
    throw new UsageError(`the endpoint ${JSON.stringify(endpoint)} is no URL; it looks like http://127.0.0.1:4566`);
  }
  const clientConfig: AwsTarget['clientConfig'] = { endpoint, requestHandler };
  if (isLoopback(endpoint)) {
    // The embedded AWS is in one region whatever the environment says; it checks no signature, but the clients want to sign.
    clientConfig.region = localRegion;
    if (!process.env.AWS_ACCESS_KEY_ID && !process.env.AWS_PROFILE) {
      clientConfig.credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    }
    return { clientConfig, description: `the embedded AWS at ${endpoint}` };
  }
  return { clientConfig, description: `the AWS endpoint ${endpoint}` };
}

/**
 * The ingest server's address: the one given, else the one that runs on the state folder.
 * @throws UsageError when there is neither, or the address is no URL.
 */
export function ingestTarget(url: string | undefined, options: ContextOptions = {}): string {
  const target = url ?? runningPart(stateFolder(options), 'ingest')?.url;
  if (target === undefined) {
    throw new UsageError(
      'no ingest server runs on this state folder: start one with `npm start`, or name one with --to http://HOST:PORT',
    );
  }
  if (!URL.canParse(target) || !/^https?:$/.test(new URL(target).protocol)) {
    throw new UsageError(`--to ${JSON.stringify(target)} is no http or https URL; it looks like http://localhost:8080`);
  }
  return target;
}
