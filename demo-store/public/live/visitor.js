/** This browser's visitor id, where the tracker stored one (`visitor|session|…`); otherwise undefined. */
export function visitorId() {
  try {
    const [visitor] = localStorage.getItem(document.body.dataset.visitorKey).split('|');
    return visitor || undefined;
  } catch {
    return undefined;
  }
}
