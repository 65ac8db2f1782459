/**
 * Keeps one stream of server-sent events open while the page is visible. EventSource reconnects by itself after a
 * broken connection, but not after an error status; then this tries again.
 */
export function connect(address, { onMessage, onState }) {
  let source;
  let retry;

  function open() {
    close();
    onState('connecting');
    source = new EventSource(address());
    for (const name of ['hello', 'update']) {
      source.addEventListener(name, ({ data }) => {
        onState('open');
        onMessage(JSON.parse(data));
      });
    }
    source.addEventListener('error', () => {
      onState('lost');
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, 5000);
    });
  }

  function close() {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  }

  // An open stream would keep the page out of the back-forward cache.
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) open();
  });
  open();
  return { reopen: open };
}
