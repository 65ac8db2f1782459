import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyPluginAsync } from 'fastify';
import { RequestError } from '../request-error.js';

interface Script {
  modifiedAt: number;
  plain: Buffer;
  gzipped: Buffer;
  etag: string;
}

/** Where the tracker's build lies, built or not: beside the schema, in the same package. */
export function defaultClientScript(): string {
  const schema = createRequire(import.meta.url).resolve('@millrace/sdk/schema');
  return join(dirname(schema), '../../millrace.js');
}

/**
 * `GET /millrace.js`: the tracker, from the site's own host. Any page may load it, also one that isolates itself from other
 * origins. Read again when the file changes.
 */
export const clientScript: FastifyPluginAsync<{ file: string }> = async (app, { file }) => {
  let script: Script | undefined;

  async function load(): Promise<Script> {
    const { mtimeMs } = await stat(file);
    if (script?.modifiedAt === mtimeMs) return script;
    const plain = await readFile(file);
    const gzipped = await promisify(gzip)(plain, { level: 9 });
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
    script = { modifiedAt: mtimeMs, plain, gzipped, etag };
    return script;
  }

  app.get('/millrace.js', async (request, reply) => {
    reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
    const found = await load().catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      throw new RequestError(
        'not_found',
        'the tracker is not built yet: run "npm run build", or set MILLRACE_CLIENT_SCRIPT to its file',
      );
    });
    reply
      .header('cache-control', 'public, max-age=300, stale-while-revalidate=86400')
      .header('vary', 'accept-encoding')
      .header('x-content-type-options', 'nosniff')
      .header('etag', found.etag);
    // A proxy that compresses makes the tag a weak one: the script is the same.
    const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
    if (known.includes(found.etag) || known.includes('*')) return reply.code(304).send();
    reply.type('text/javascript; charset=utf-8');
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(found.plain);
    return reply.header('content-encoding', 'gzip').send(found.gzipped);
  });
};
