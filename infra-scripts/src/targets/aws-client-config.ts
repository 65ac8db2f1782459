import { keepAliveHandler } from '@millrace/kit/keep-alive';

/** What every AWS SDK client here is made with. */
export interface AwsClientConfig {
  endpoint?: string;
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  maxAttempts?: number;
  requestHandler: ReturnType<typeof keepAliveHandler>;
}

/** The one set-up of AWS SDK clients: what is given, over HTTP/1.1 with keep-alive. */
export function clientConfig(given: Omit<AwsClientConfig, 'requestHandler'> = {}): AwsClientConfig {
  return { ...given, requestHandler: keepAliveHandler() };
}
