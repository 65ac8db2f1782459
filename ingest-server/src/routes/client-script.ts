import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyPluginAsync } from 'fastify';
import { RequestError } from '../core/request-error.js';

interface Script {
  modifiedAt: number;
  bodies: Record<'identity' | 'gzip' | 'br', Buffer>;
  etag: string;
}

/** The tracker's plugins, whose files lie beside it. */
const plugins = ['millrace-debug.js', 'millrace-vitals.js'] as const;

/** The path of the tracker's build, built or not: beside the schema, in @millrace/sdk. */
export function defaultClientScript(): string {
  const schema = createRequire(import.meta.url).resolve('@millrace/sdk/schema');
  return join(dirname(schema), '../../millrace.js');
}

async function load(file: string, known: Script | undefined): Promise<Script> {
  const { mtimeMs } = await stat(file);
  if (known?.modifiedAt === mtimeMs) return known;
  const plain = await readFile(file);
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(plain, { level: 9 }),
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  ]);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { modifiedAt: mtimeMs, bodies: { identity: plain, gzip: zipped, br: brotli }, etag };
}

/** The smallest encoding that the client accepts. */
function encodingOf(accepted: string | undefined): keyof Script['bodies'] {
  const names = (accepted ?? '').split(',').map((part) => part.trim().toLowerCase());
  const takes = (name: string) =>
    names.some((part) => part === name || (part.startsWith(`${name};`) && !/q=0(\.0*)?$/.test(part)));
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'identity';
}

/**
 * `GET /millrace.js`: the tracker, from the site's own host, and its plugins. Any page may load them, also one that is
 * cross-origin isolated. A changed file is read again.
 */
export const clientScript: FastifyPluginAsync<{ file: string }> = async (app, { file }) => {
  const serve = (path: string, from: string) => {
    let script: Script | undefined;
    app.get(path, async (request, reply) => {
      reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
      script = await load(from, script).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        throw new RequestError(
          'not_found',
          `${path.slice(1)} is not built yet: run "npm run build", or set MILLRACE_CLIENT_SCRIPT to the tracker's file`,
        );
      });
      reply
        .header('cache-control', 'public, max-age=300, stale-while-revalidate=86400')
        .header('vary', 'accept-encoding')
        .header('x-content-type-options', 'nosniff')
        .header('etag', script.etag);
      // A proxy that compresses makes the tag weak: the script is the same.
      const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
      if (known.includes(script.etag) || known.includes('*')) return reply.code(304).send();
      reply.type('text/javascript; charset=utf-8');
      const encoding = encodingOf(request.headers['accept-encoding']);
      if (encoding !== 'identity') reply.header('content-encoding', encoding);
      return reply.send(script.bodies[encoding]);
    });
  };

  serve('/millrace.js', file);
  for (const name of plugins) serve(`/${name}`, join(dirname(file), name));
};
