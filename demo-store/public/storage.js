/** Reads JSON from the browser's storage; `fallback` when storage is blocked or holds anything else. */
export function read(storage, key, fallback) {
  try {
    return JSON.parse(window[storage].getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Writes JSON; says whether it is kept. */
export function write(storage, key, value) {
  try {
    window[storage].setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
