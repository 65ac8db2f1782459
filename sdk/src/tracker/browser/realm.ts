/** Built-in objects of the language by name. */
export type Realm = Record<string, Record<string, unknown> & { prototype: Record<string, unknown> }>;

/** Where built-ins come from that the page has replaced before the tracker was loaded. */
export const realm: {
  /** The page has replaced one that the tracker uses. */
  _isReplaced?: boolean;
  /** Set by `frame-realm`, which a script imports first. Without it the page's built-ins have to do. */
  _ofFrame?: () => Realm;
} = {};
