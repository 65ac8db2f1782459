import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { RequestError } from '../core/request-error.js';
import { loadScript, type Script, versionsOf } from './script-file.js';

/** The tracker, and its plugins, whose files lie beside it. */
const names = ['millrace', 'millrace-full', 'millrace-debug', 'millrace-vitals'];

/** What is at a version's address never changes; the address without a version gets the next version. */
const forever = 'public, max-age=31536000, immutable';
const forMinutes = 'public, max-age=300, stale-while-revalidate=86400';

/** The path of the tracker's build, built or not, in @millrace/sdk. */
export function defaultClientScript(): string {
  const sdk = createRequire(import.meta.url).resolve('@millrace/sdk/package.json');
  return join(dirname(sdk), 'dist/millrace.js');
}

/** The smallest encoding that the client accepts. */
function encodingOf(accepted: string | undefined): keyof Script['bodies'] {
  const parts = (accepted ?? '').split(',').map((part) => part.trim().toLowerCase());
  const takes = (name: string) =>
    parts.some((part) => part === name || (part.startsWith(`${name};`) && !/q=0(\.0*)?$/.test(part)));
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'identity';
}

/** Sends a script, or 304 to who has it. */
function send(script: Script, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('vary', 'accept-encoding').header('x-content-type-options', 'nosniff').header('etag', script.etag);
  // A proxy that compresses makes the tag weak: the script is the same.
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (known.includes(script.etag) || known.includes('*')) return reply.code(304).send();
  reply.type('text/javascript; charset=utf-8');
  const encoding = encodingOf(request.headers['accept-encoding']);
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  return reply.send(script.bodies[encoding]);
}

/** A refusal that says which versions there are. */
function noSuchVersion(name: string, version: string, versions: string[]): RequestError {
  const have =
    versions.length > 0
      ? `it has ${versions.map((each) => `/${name}-${each}.js`).join(', ')}, and the newest at /${name}.js`
      : `it has /${name}.js, and no millrace.json beside it that says its version`;
  return new RequestError('not_found', `this server has no ${name} ${version}: ${have}`);
}

/**
 * `GET /millrace.js`: the tracker, from the site's own host, and its plugins; `GET /millrace-0.2.0.js`: that version,
 * for good. Any page may load them, also one that is cross-origin isolated. A changed file is read again.
 */
export const clientScript: FastifyPluginAsync<{ file: string }> = async (app, { file }) => {
  const scripts = new Map<string, Script>();
  const load = async (from: string) => {
    const script = await loadScript(from, scripts.get(from));
    scripts.set(from, script);
    return script;
  };
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
  });

  for (const name of names) {
    const newest = name === 'millrace' ? file : join(dirname(file), `${name}.js`);
    app.get(`/${name}.js`, async (request, reply) => {
      const script = await load(newest).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        throw new RequestError(
          'not_found',
          `${name}.js is not built yet: run "npm run build", or set MILLRACE_CLIENT_SCRIPT to the tracker's file`,
        );
      });
      return send(script, request, reply.header('cache-control', forMinutes));
    });

    app.get<{ Params: { version: string } }>(`/${name}-:version(^\\d[\\w.+-]*).js`, async (request, reply) => {
      const { version } = request.params;
      const versions = await versionsOf(name, newest);
      const from = versions.get(version);
      const script = from && (await load(from).catch(() => undefined));
      // While servers are replaced, another one may have it.
      if (!script) {
        reply.header('cache-control', 'no-store');
        throw noSuchVersion(name, version, [...versions.keys()].sort());
      }
      return send(script, request, reply.header('cache-control', forever));
    });
  }
};
