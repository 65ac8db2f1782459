import { linesOf, showLines } from './lines.js';
import { read } from './storage.js';

const root = document.querySelector('[data-thanks-page]');

if (root) {
  const order = read('sessionStorage', 'xcorp.order', null);
  const known = /^X-[0-9a-z]+-[0-9a-f]{4}$/.test(order?.id) && Array.isArray(order.lines);
  showLines(root, known ? linesOf(root, order.lines.filter(Array.isArray)) : []);
  if (known) {
    root.querySelector('[data-order-id]').textContent = order.id;
    root.querySelector('[data-query]').textContent =
      `./millrace query "select page, item_name, item_quantity, item_price from events where order_id = '${order.id}'"`;
  }
}
