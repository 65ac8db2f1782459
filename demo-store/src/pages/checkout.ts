import { html } from '../html/html.js';
import type { Page } from '../html/layout.js';
import { needsScript, summaryTemplates } from './cart.js';

const methods = [
  ['card', 'Card', 'a pretend one'],
  ['transfer', 'Bank transfer', 'no bank involved'],
  ['invoice', 'Invoice', 'that never comes'],
] as const;

/**
 * The checkout. No field has a name or a label that a browser's wallet looks for, and none has a `name` that a form
 * would send: nobody's real card number must end up in a demo.
 */
export function checkoutPage(): Page {
  return {
    title: 'Checkout',
    page: 'cart',
    path: '/cart',
    body: html`<div class="page-head"><h1>Checkout</h1>
<p class="notice">A demo: no money moves. Nothing you type here is stored, and only the way of paying and the visitor name, if you give one, become events.</p></div>
${needsScript}
<div data-checkout-page>
  <p class="empty" data-when-empty hidden>Nothing to pay for. <a href="/">Back to the shop</a></p>
  <div class="checkout" data-when-filled hidden>
    <div>
      <form class="panel" data-payment-form autocomplete="off">
        <h2>1. How would you pay?</h2>
        <fieldset>
          <legend class="visually-hidden">Way of paying</legend>
          <div class="choices">${methods.map(
            ([value, name, note], index) =>
              html`<label class="choice"><input type="radio" name="method" value="${value}" data-method-name="${name.toLowerCase()}"${index === 0 && html` checked`}> ${name} <span class="muted">${note}</span></label>`,
          )}</div>
        </fieldset>
        <div class="pretend" data-pretend>
          <label class="field">Pretend digits <input value="0000 1111 2222 3333" maxlength="19" autocomplete="off" inputmode="numeric"></label>
          <label class="field narrow">And a code <input value="000" maxlength="4" autocomplete="off" inputmode="numeric"></label>
        </div>
        <label class="field">Visitor name, if you like <input data-visitor-name maxlength="64" autocomplete="off" spellcheck="false" placeholder="an invented one"></label>
        <p class="muted">It is sent as <code>user_id</code> with your events from here on.</p>
        <button type="submit" class="button">Use this</button>
      </form>
      <section class="panel" aria-labelledby="place-heading" data-place hidden>
        <h2 id="place-heading" tabindex="-1">2. Place the order</h2>
        <p>Paying by <strong data-method></strong>.</p>
        <button type="button" class="button wide" data-place-order>Buy for <span data-total></span></button>
      </section>
    </div>
    <aside class="panel" aria-labelledby="order-heading">
      <h2 id="order-heading">Your order</h2>
      <ul class="summary" data-lines></ul>
      <p class="total-line"><span>Total</span> <span class="price price-big" data-total></span></p>
      <p><a href="/cart">Change the cart</a></p>
    </aside>
  </div>
  ${summaryTemplates}
</div>`,
  };
}
