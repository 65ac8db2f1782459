import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page of the site: its HTML, or that and headers. */
export type SitePage = string | { html: string; headers: Record<string, string> };

export interface Site {
  origin: string;
  pages: Record<string, SitePage>;
  close(): Promise<void>;
}

/** A storefront on a free port, so an origin of its own: pages by path, everything else 404. */
export async function startSite(pages: Record<string, SitePage>): Promise<Site> {
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const page = site.pages[new URL(request.url ?? '/', 'http://site').pathname];
    if (page === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { html, headers } = typeof page === 'string' ? { html: page, headers: {} } : page;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html);
  });
  const site: Site = {
    origin: '',
    pages,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return site;
}
