import { localCredentials, localRegion } from '@millrace/kit/local-aws';
import { usageError } from '@millrace/kit/millrace-error';
import { runningServer } from '../state/running-servers.js';
import { type StateOptions, stateFolder } from '../state/state-folder.js';
import { type AwsClientConfig, clientConfig } from './aws-client-config.js';

/** What a command is told about where AWS is. */
export interface AwsTargetOptions extends StateOptions {
  /** An AWS endpoint, `--endpoint-url`. */
  endpointUrl?: string | undefined;
  /** A region, `--region`: with it and without an endpoint, AWS itself is meant. */
  region?: string | undefined;
}

/** What an AWS SDK client needs to reach AWS or the embedded AWS. */
export interface AwsTarget {
  /** Spread into any AWS SDK client's configuration. */
  clientConfig: AwsClientConfig;
  /** For messages: `the embedded AWS at http://127.0.0.1:4566`, `AWS`. */
  description: string;
}

/** Whether an endpoint is on this machine: then it is the embedded AWS. */
function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/**
 * Where AWS calls go: `--endpoint-url`, else AWS_ENDPOINT_URL, else with `--region` AWS itself, else the embedded AWS
 * that runs on the state folder, else AWS itself.
 * @throws MillraceError `USAGE` when the endpoint is not a URL.
 */
export function awsTarget(options: AwsTargetOptions = {}): AwsTarget {
  const { region } = options;
  const named = options.endpointUrl ?? (process.env.AWS_ENDPOINT_URL || undefined);
  const endpoint = named ?? (region === undefined ? runningServer(stateFolder(options), 'aws')?.url : undefined);
  if (endpoint === undefined || endpoint === '') {
    return region === undefined
      ? { clientConfig: clientConfig(), description: 'AWS' }
      : { clientConfig: clientConfig({ region }), description: `AWS in ${region}` };
  }
  if (!URL.canParse(endpoint)) {
    throw usageError(`invalid endpoint ${JSON.stringify(endpoint)}: give a URL, as http://127.0.0.1:4566`);
  }
  if (!isLoopback(endpoint)) {
    return {
      clientConfig: clientConfig({ endpoint, ...(region && { region }) }),
      description: `the AWS endpoint ${endpoint}`,
    };
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

/** The endpoint that the environment names for Kinesis, or for all services. */
export const endpointOfEnvironment = (): string | undefined =>
  process.env.AWS_ENDPOINT_URL_KINESIS || process.env.AWS_ENDPOINT_URL || undefined;

let isHost = false;

/** This process runs on a host of a deployment: there AWS itself is what every command means. */
export function runOnAws(): void {
  isHost = true;
}

/**
 * Where a command puts into a stream: as `awsTarget`, but to AWS itself only where somebody asks for it. On a laptop
 * the credentials in the environment may be those of a company, and are no reason to write there.
 * @throws MillraceError `USAGE` also when no embedded AWS runs and nothing names another place.
 */
export function writableAwsTarget(options: AwsTargetOptions): AwsTarget {
  const target = awsTarget({ ...options, endpointUrl: options.endpointUrl ?? endpointOfEnvironment() });
  if (target.clientConfig.endpoint === undefined && options.region === undefined && !isHost)
    throw usageError(noAwsText(stateFolder(options)));
  return target;
}

/** What a command says that finds no AWS. */
export const noAwsText = (state: string): string =>
  `no embedded AWS runs on the state folder ${state}: start one with \`npm start\` or \`millrace aws\`, or name another endpoint with --endpoint-url or AWS_ENDPOINT_URL; --region REGION means AWS itself`;
