import { localCredentials, localRegion } from '@millrace/kit/local-aws';
import { usageError } from '@millrace/kit/millrace-error';
import { runningServer } from '../state/running-servers.js';
import { type StateOptions, stateFolder } from '../state/state-folder.js';
import { type AwsClientConfig, clientConfig } from './aws-client-config.js';

/** What a command is told about where AWS is. */
export interface AwsTargetOptions extends StateOptions {
  /** An AWS endpoint, `--endpoint-url`. */
  endpointUrl?: string | undefined;
}

/** What an AWS SDK client needs to reach AWS or the embedded AWS. */
export interface AwsTarget {
  /** Spread into any AWS SDK client's configuration. */
  clientConfig: AwsClientConfig;
  /** For messages: `the embedded AWS at http://127.0.0.1:4566`, `AWS`. */
  description: string;
}

/** Whether an endpoint is on this machine: then it is the embedded AWS. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/**
 * Where AWS calls go: `--endpoint-url`, else AWS_ENDPOINT_URL, else the embedded AWS that runs on the state folder,
 * else AWS itself.
 * @throws MillraceError `USAGE` when the endpoint is not a URL.
 */
export function awsTarget(options: AwsTargetOptions = {}): AwsTarget {
  const endpoint =
    options.endpointUrl ?? process.env.AWS_ENDPOINT_URL ?? runningServer(stateFolder(options), 'aws')?.url;
  if (endpoint === undefined || endpoint === '') return { clientConfig: clientConfig(), description: 'AWS' };
  if (!URL.canParse(endpoint)) {
    throw usageError(`invalid endpoint ${JSON.stringify(endpoint)}: give a URL, as http://127.0.0.1:4566`);
  }
  if (!isLoopback(endpoint)) {
    return { clientConfig: clientConfig({ endpoint }), description: `the AWS endpoint ${endpoint}` };
  }
  // The embedded AWS is in one region whatever the environment says. It checks no signature, but the clients want to
  // sign.
  const hasCredentials = process.env.AWS_ACCESS_KEY_ID || process.env.AWS_PROFILE;
  return {
    clientConfig: clientConfig({
      endpoint,
      region: localRegion,
      ...(hasCredentials ? {} : { credentials: localCredentials }),
    }),
    description: `the embedded AWS at ${endpoint}`,
  };
}
