import { lookUpBy, type Realm } from './realm.js';

/** What a script knows of built-ins that the page has replaced before. It imports this first. */
export const replaced: {
  /** The page has replaced one that the tracker uses. */
  _is?: boolean;
  /** The built-ins to use instead. Set by `frame-realm`; without it the page's have to do. */
  _realm?: () => Realm;
} = {};

lookUpBy((find) => {
  const own = find(globalThis as never);
  // Its text, as a function gives it.
  if (/\[native code/.test(own as string)) return own;
  replaced._is = true;
  try {
    return find(replaced._realm!()) || own;
  } catch {
    return own;
  }
});
