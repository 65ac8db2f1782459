import { html } from '../html/html.js';
import type { Page } from '../html/layout.js';
import { needsScript, summaryTemplates } from './cart.js';

/** The page after an order. The browser fills it. */
export function thanksPage(): Page {
  return {
    title: 'Thank you',
    page: 'cart',
    path: '/cart',
    body: html`<div data-thanks-page>
<div class="page-head"><h1>Thank you.</h1></div>
${needsScript}
<p class="empty" data-when-empty hidden>There is no order in this tab. <a href="/">Back to the shop</a></p>
<div class="thanks" data-when-filled hidden>
  <p class="lead">Order <strong data-order-id></strong> is complete, as far as a demo can complete anything.</p>
  <div class="panel">
    <ul class="summary" data-lines></ul>
    <p class="total-line"><span>Total</span> <span class="price price-big" data-total></span></p>
  </div>
  <section class="panel" aria-labelledby="lake-heading">
    <h2 id="lake-heading">Where it is now</h2>
    <p>Each line of the order became a <code>purchased_item</code> event. In a few seconds it is a row in the lake:</p>
    <pre class="command" tabindex="0"><code data-query></code></pre>
    <p><a href="/live?mine">Watch your events on their way</a></p>
  </section>
</div>
${summaryTemplates}
</div>`,
  };
}
