import { cart, maxQuantity, onCartChange, setQuantity } from './cart.js';
import { linesOf, showLines } from './lines.js';

const root = document.querySelector('[data-cart-page]');

function show() {
  const focused = document.activeElement?.closest?.('[data-line-id]')?.dataset.lineId;
  const lines = linesOf(root, cart());
  for (const { id, quantity, element } of lines) {
    element.dataset.lineId = id;
    const input = element.querySelector('[data-quantity]');
    input.value = quantity;
    input.addEventListener('change', () => {
      const wanted = Math.floor(Number(input.value));
      // An empty field does not remove the item; a button does.
      setQuantity(id, wanted >= 1 ? Math.min(wanted, maxQuantity) : quantity);
    });
    element.querySelector('[data-remove]').addEventListener('click', () => {
      setQuantity(id, 0);
      root.querySelector('[data-cart-status]').textContent = `${element.dataset.itemName} is out of the cart.`;
    });
  }
  showLines(root, lines);
  if (focused) root.querySelector(`[data-line-id="${CSS.escape(focused)}"] [data-quantity]`)?.focus();
}

if (root) {
  show();
  onCartChange(show);
}
