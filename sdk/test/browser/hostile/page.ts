import type { SitePage } from '../site.js';
import type { Plan } from './plan.js';

/** What a page needs to know of its surroundings. */
export interface Surroundings {
  site: string;
  collector: string;
  /** Of the script, as a policy names it. */
  hash: string;
}

/** Where the buttons and the link are, so that a click needs nothing of the page. */
export const places = { first: [40, 40], second: [40, 140], link: [40, 240] } as const;

const style = `<style>[data-track] { position: fixed; left: 0; width: 90px; height: 80px; background: teal; z-index: 9 }
  #first { top: 0 } #second { top: 100px } #link { top: 200px }</style>`;

/**
 * What the page's own code stands on: built-ins as they are before anything replaces them. `start` waits for the
 * tracker, changes what comes after it, and tracks.
 */
const ownScript = `const shop = (({ setInterval, clearInterval, setTimeout, console: { log }, document }) => {
  const { apply } = Reflect;
  const { createElement, getElementById, getElementsByTagName } = Document.prototype;
  const { addEventListener } = EventTarget.prototype;
  const { appendChild } = Node.prototype;
  const shop = {
    later: (work, ms) => setTimeout(work, ms),
    insert(src, attributes) {
      const tag = apply(createElement, document, ['script']);
      for (const name in attributes) tag[name] = attributes[name];
      tag.dataset.key = 'demo';
      tag.src = src;
      apply(appendChild, apply(getElementsByTagName, document, ['head'])[0], [tag]);
    },
    start(hasWorker, after) {
      const timer = setInterval(() => {
        const tracker = window.millrace;
        const link = apply(getElementById, document, ['link']);
        if (!link || !tracker || !tracker.version || !tracker.track || (hasWorker && !navigator.serviceWorker.controller)) return;
        clearInterval(timer);
        try { after(); } catch (error) { log('shop: the page fails: ' + error); }
        for (let n = 0; n < 3; n++) tracker.track('liked_item', { properties: { n } });
        apply(addEventListener, link, ['click', () => tracker.track('liked_item', { properties: { n: 5 } })]);
        log('shop: ready');
      }, 5);
    },
  };
  return shop;
})(window);`;

/** The page of a plan as the site serves it: paths and what is there. `/plain` has nothing hostile. */
export function pagesOf(plan: Plan, { site, collector, hash }: Surroundings): Record<string, SitePage> {
  const { features } = plan;
  const all = (part: 'head' | 'before' | 'after' | 'body') => features.map((feature) => feature[part] ?? '');
  const find = <Name extends keyof Plan['features'][number]>(name: Name) => features.find((one) => one[name])?.[name];
  const policy = find('policy')?.replaceAll('{collector}', collector).replaceAll('{hash}', hash);
  const worker = find('worker');
  const frame = find('frame');
  const src = `${collector}/millrace.js`;
  const guard = policy?.includes(hash) ? `integrity="${hash}" crossorigin` : 'nonce="shop"';
  const script = (code: string) => `<script nonce="shop">${code}</script>`;
  const markup = (more = '') => `<script src="${src}" data-key="demo" ${guard} ${more}></script>`;
  const tags = {
    written: () => script(`document.write(${JSON.stringify(markup()).replaceAll('</', '<\\/')});`),
    inserted: () =>
      script(
        `shop.insert('${src}', ${guard.startsWith('nonce') ? `{ nonce: 'shop' }` : `{ integrity: '${hash}', crossOrigin: '' }`});`,
      ),
    async: () => markup('async'),
    module: () => markup('type="module"'),
  };
  const register = worker ? `navigator.serviceWorker.register('${site}/worker.js');` : '';
  const last = frame
    ? '<button type="button" id="link" data-track="clicked_review" data-track-n="12">Cart</button>'
    : `<a id="link" data-track="clicked_review" data-track-n="12" href="${site}/plain">Cart</a>`;
  const html = `<!doctype html><title>Shop \xe9</title>${script(ownScript + register)}${style}${all('head').join('')}
    ${features.map(({ before }) => (before ? script(before) : '')).join('\n')}
    ${(tags[find('tag') as keyof typeof tags] ?? markup)()}
    ${script(`shop.start(${worker !== undefined}, () => {\n${all('after').join('\n')}\n});`)}
    <body><button type="button" id="first" data-track="clicked_review" data-track-n="10">First</button>
    <button type="button" id="second" data-track="clicked_review" data-track-n="11"><b>Second</b></button>${last}${all('body').join('')}`;
  const encoding = find('encoding');
  const page: SitePage = {
    html: encoding ? encoding.bytesOf(html) : html,
    headers: {
      ...(policy ? { 'content-security-policy': policy } : {}),
      ...(encoding ? { 'content-type': `text/html${encoding.charset ? `; charset=${encoding.charset}` : ''}` } : {}),
    },
  };
  const frameStyle = 'position: fixed; left: 0; top: 0; width: 100%; height: 100%; border: 0';
  return {
    '/hostile': frame ? `<!doctype html><iframe style="${frameStyle}" sandbox="${frame}" src="/framed">` : page,
    '/framed': page,
    '/worker.js': { html: worker ?? '', headers: { 'content-type': 'text/javascript' } },
    '/plain': `<!doctype html><title>Plain</title><script src="${src}" data-key="demo" data-auto="off"></script>
      <script>millrace.track('visited_cart');</script>`,
  };
}
