import { cart, emptyCart, onCartChange } from './cart.js';
import { linesOf, showLines } from './lines.js';
import { write } from './storage.js';
import { identify, itemFieldsOf, track, whenTaken } from './tracker.js';

const root = document.querySelector('[data-checkout-page]');

/** Time and chance, short enough to read out: `X-m3k9qz1-4f7a`. */
function newOrderId() {
  const chance = crypto.getRandomValues(new Uint16Array(1))[0];
  return `X-${Date.now().toString(36)}-${chance.toString(16).padStart(4, '0')}`;
}

function setUp() {
  const payment = root.querySelector('[data-payment-form]');
  const place = root.querySelector('[data-place]');
  const button = root.querySelector('[data-place-order]');
  let lines = [];
  const show = () => {
    lines = linesOf(root, cart());
    showLines(root, lines);
  };
  show();
  onCartChange(show);

  payment.addEventListener('change', () => {
    root.querySelector('[data-pretend]').hidden = payment.elements.method.value !== 'card';
    place.hidden = true;
  });

  payment.addEventListener('submit', (event) => {
    event.preventDefault();
    const method = payment.elements.method.value;
    const visitorName = payment.querySelector('[data-visitor-name]').value.trim();
    if (visitorName) identify(visitorName);
    track('entered_payment_method', { properties: { method } });
    root.querySelector('[data-method]').textContent = payment.querySelector('[name=method]:checked').dataset.methodName;
    place.hidden = false;
    place.querySelector('h2').focus();
  });

  button.addEventListener('click', async () => {
    if (lines.length === 0) return;
    button.disabled = true;
    const orderId = newOrderId();
    // One event an item, filed under the item's own department, with the order's id in common.
    for (const { element, quantity } of lines) {
      track('purchased_item', {
        ...itemFieldsOf(element),
        page: element.dataset.department,
        item_quantity: quantity,
        order_id: orderId,
      });
    }
    write('sessionStorage', 'xcorp.order', { id: orderId, lines: lines.map(({ id, quantity }) => [id, quantity]) });
    await whenTaken(1000);
    emptyCart();
    location.assign('/thanks');
  });
  // Back from the back-forward cache.
  window.addEventListener('pageshow', () => {
    button.disabled = false;
  });
}

if (root) setUp();
