import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { startEndpoint } from '../src/endpoint.js';
import { openS3 } from '../src/s3/index.js';

export interface TestS3 {
  readonly root: string;
  readonly folder: string;
  readonly metaFolder: string;
  readonly port: number;
  readonly endpoint: string;
  readonly client: S3Client;
  readonly log: string[];
  stop(): Promise<void>;
}

export async function tempFolder(parent = tmpdir()): Promise<string> {
  return mkdtemp(join(parent, 'millrace-s3-'));
}

/** The embedded S3 on a free port, over folders of its own unless given some. */
export async function startS3(given?: string): Promise<TestS3> {
  const root = given ?? (await tempFolder());
  const folder = join(root, 's3');
  const metaFolder = join(root, 's3-meta');
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const part = await openS3({ folder, metaFolder, log });
  const server = await startEndpoint({ port: 0, services: [part], log });
  const client = new S3Client({
    endpoint: server.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return {
    ...{ root, folder, metaFolder, port: server.port, endpoint: server.url, client, log: lines },
    async stop() {
      client.destroy();
      await server.close();
      await part.close();
      if (given === undefined) await rm(root, { recursive: true, force: true });
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request without any SDK's help; the path goes out as it is. */
export function send(
  port: number,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: options.headers, agent: false },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: Buffer.concat(pieces).toString('utf8'),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

export const errorCodeOf = (answer: Answer) => /<Code>(.*?)<\/Code>/.exec(answer.body)?.[1];

/** The paths of all files below a folder, relative to it, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}
