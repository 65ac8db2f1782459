/** This browser's visitor number, where the tracker has been at this address: it keeps `visitor|session|…`. Else undefined. */
export function visitorId() {
  try {
    const [visitor] = localStorage.getItem(document.body.dataset.visitorKey).split('|');
    return visitor || undefined;
  } catch {
    return undefined;
  }
}
