import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page of the site: its HTML, or that, its headers, and what its answer waits for. */
export type SitePage =
  | string
  | { html: string | Uint8Array; headers?: Record<string, string>; after?: () => Promise<unknown> };

export interface Site {
  origin: string;
  pages: Record<string, SitePage>;
  /** The paths of the pages that were asked for, in order. */
  asked: string[];
  close(): Promise<void>;
}

/** A storefront on a free port, so an origin of its own: pages by path, everything else 404. */
export async function startSite(pages: Record<string, SitePage>): Promise<Site> {
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    if (pathname !== '/favicon.ico') site.asked.push(pathname);
    const page = site.pages[pathname];
    if (page === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { html, headers = {}, after } = typeof page === 'string' ? { html: page } : page;
    const answer = () => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html);
    if (after) after().then(answer, () => response.destroy());
    else answer();
  });
  const site: Site = {
    origin: '',
    pages,
    asked: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return site;
}
