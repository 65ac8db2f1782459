/**
 * The shop's way to the tracker. The script tag loads it with `async`, so it may not be there yet, or never come
 * (blocked, offline). Calls before that go to a stub's queue, which the tracker empties when it starts.
 */
const stub = { q: [] };
for (const name of ['track', 'page', 'identify']) {
  stub[name] = (...args) => {
    stub.q?.push([name, args, Date.now()]);
  };
}
window.millrace ??= stub;

export function track(event, fields) {
  window.millrace.track(event, fields);
}

export function identify(userId) {
  window.millrace.identify(userId);
}

/** An item's fields, from the `data-item-*` attributes that the server wrote on an element. */
export function itemFieldsOf(element) {
  const { itemId, itemName, itemPrice, currency } = element.dataset;
  return { item_id: itemId, item_name: itemName, item_price: Number(itemPrice), currency };
}

/**
 * Resolves when the tracker has taken the queue, or after `patienceMs`. A page that is left loses its stub's queue, and
 * a blocked tracker must not keep anybody from buying.
 */
export function whenTaken(patienceMs) {
  return new Promise((resolve) => {
    const deadline = performance.now() + patienceMs;
    const look = () => {
      // The tracker takes the stub over and leaves it without a queue.
      const waiting = window.millrace === stub && stub.q?.length > 0;
      if (!waiting || performance.now() >= deadline) resolve();
      else setTimeout(look, 20);
    };
    look();
  });
}
