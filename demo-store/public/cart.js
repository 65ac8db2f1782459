import { read, write } from './storage.js';

const key = 'xcorp.cart';
export const maxQuantity = 20;

const whole = (quantity) => Math.min(maxQuantity, Math.max(0, Math.floor(Number(quantity)) || 0));

/** The cart as `[item id, quantity]`, in the order in which things were put into it. */
export function cart() {
  const kept = read('localStorage', key, []);
  if (!Array.isArray(kept)) return [];
  return kept
    .filter((line) => Array.isArray(line) && typeof line[0] === 'string')
    .map(([id, quantity]) => [id, whole(quantity)])
    .filter(([, quantity]) => quantity > 0);
}

function keep(lines) {
  const kept = write('localStorage', key, lines);
  window.dispatchEvent(new Event('xcorp:cart'));
  return kept;
}

/** Sets an item's quantity; 0 removes it. Returns whether it was stored. */
export function setQuantity(id, quantity) {
  const lines = new Map(cart());
  if (whole(quantity) === 0) lines.delete(id);
  else lines.set(id, whole(quantity));
  return keep([...lines]);
}

export function quantityOf(id) {
  return new Map(cart()).get(id) ?? 0;
}

export function emptyCart() {
  return keep([]);
}

/** Calls back when the cart has changed, here or in another tab. */
export function onCartChange(listener) {
  window.addEventListener('xcorp:cart', listener);
  window.addEventListener('storage', (event) => {
    if (event.key === key || event.key === null) listener();
  });
}
