/** This browser's visitor number, where the tracker has been at this address: it keeps `[visitor, session, …]`. Else undefined. */
export function visitorId() {
  try {
    const [visitor] = JSON.parse(localStorage.getItem(document.body.dataset.visitorKey));
    return typeof visitor === 'string' && visitor !== '' ? visitor : undefined;
  } catch {
    return undefined;
  }
}
