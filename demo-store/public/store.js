import './tracker.js';
import './once-open.js';
import './item-page.js';
import './cart-page.js';
import './checkout-page.js';
import './thanks-page.js';
import { cart, onCartChange } from './cart.js';

const count = document.querySelector('[data-cart-count]');

function showCount() {
  const pieces = cart().reduce((sum, [, quantity]) => sum + quantity, 0);
  count.textContent = pieces;
  count.hidden = pieces === 0;
}

showCount();
onCartChange(showCount);
// A page that comes back from the back-forward cache has missed what happened to the cart meanwhile.
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) window.dispatchEvent(new Event('xcorp:cart'));
});
