/** Amounts as the server writes them. */
export function money(cents, currency) {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(cents / 100);
}

/**
 * Lines of a cart or an order from the server's templates, which hold each item's name and price.
 * Ids of items that are not sold (any more) are left out.
 */
export function linesOf(root, entries) {
  return entries.flatMap(([id, quantity]) => {
    const template = [...root.querySelectorAll('template')].find((each) => each.dataset.line === id);
    if (!template) return [];
    const element = template.content.firstElementChild.cloneNode(true);
    const cents = Math.round(Number(element.dataset.itemPrice) * 100) * quantity;
    return [{ id, quantity, element, cents, currency: element.dataset.currency }];
  });
}

/** Shows lines and their total, or says that there are none. */
export function showLines(root, lines) {
  root.querySelector('[data-when-empty]').hidden = lines.length > 0;
  root.querySelector('[data-when-filled]').hidden = lines.length === 0;
  for (const { element, quantity, cents, currency } of lines) {
    element.querySelector('[data-line-total]').textContent = money(cents, currency);
    const text = element.querySelector('[data-quantity-text]');
    if (text) text.textContent = quantity;
  }
  root.querySelector('[data-lines]').replaceChildren(...lines.map(({ element }) => element));
  const total = lines.reduce((sum, { cents }) => sum + cents, 0);
  for (const place of root.querySelectorAll('[data-total]')) {
    place.textContent = lines.length > 0 ? money(total, lines[0].currency) : '';
  }
}
