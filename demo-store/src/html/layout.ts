import { departments } from '../items/index.js';
import { type Html, type HtmlValue, html } from './html.js';

/** What every page needs to know of its store. */
export interface Shop {
  /** The tracker's script: the collector's address and `/millrace.js`. */
  trackerUrl: string;
  writeKey: string;
}

/** A page of the shop. */
export interface Page {
  title: string;
  /** The events' `page`. */
  page: string;
  /** The path of the link in the navigation that leads here. */
  path?: string;
  body: HtmlValue;
}

/** The tag as a customer pastes it. */
function scriptTag(shop: Shop, page: string): Html {
  return html`<script async src="${shop.trackerUrl}" data-key="${shop.writeKey}" data-page="${page}"></script>`;
}

/** The `<head>` of a page. */
export function head(title: string, extra: HtmlValue): Html {
  return html`<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/base.css">
  ${extra}
</head>`;
}

const logo = html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><circle cx="16" cy="16" r="15" class="logo-disc"/><path d="m10 10 12 12M22 10 10 22" class="logo-x"/></svg>`;

/** A page of the shop as HTML. */
export function layout(shop: Shop, { title, page, path, body }: Page): string {
  const link = (href: string, text: HtmlValue, className = 'nav-link') =>
    html`<a href="${href}" class="${className}"${path === href && html` aria-current="page"`}>${text}</a>`;
  return html`<!doctype html>
<html lang="en">
${head(
  `${title} – XCorp`,
  html`${['store', 'art', 'item', 'cart'].map((name) => html`<link rel="stylesheet" href="/assets/${name}.css">\n  `)}
  ${scriptTag(shop, page)}
  <script type="module" src="/assets/store.js"></script>`,
)}
<body>
<a class="skip" href="#main">Skip to the content</a>
<p class="demo-bar">A demo shop: nothing is sold. Your clicks are events: <a href="/live?mine">watch them travel</a></p>
<header class="top">
  <a class="brand" href="/">${logo}<span>XCorp</span></a>
  <nav aria-label="Departments">
    <ul>${departments.map((department) => html`<li>${link(`/${department.page}`, department.name)}</li>`)}</ul>
  </nav>
  ${link('/cart', html`Cart <span class="count" data-cart-count hidden></span>`, 'nav-link cart-link')}
</header>
<main id="main" tabindex="-1">
${body}
</main>
<footer class="bottom">
  <p>XCorp does not exist, and neither do its goods, its customers or their opinions.</p>
  <p>Clicks here go to the collector this shop was started with, with a random visitor id and without your name. <a href="/live">Live view</a></p>
</footer>
</body>
</html>
`.markup;
}
