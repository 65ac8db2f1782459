/** Built-in objects of the language by name. */
export type Realm = Record<string, Record<string, unknown> & { prototype: Record<string, unknown> }>;

/** Returns what `find` finds among the built-ins of a realm. */
type LookUp = <Found>(find: (realm: Realm) => Found) => Found;

/** Finds a built-in of the page. A script, which may come after others, has a look-up that checks it. */
export let lookUp: LookUp = (find) => find(globalThis as never);

/** Sets how built-ins are found, before the first is. */
export function lookUpBy(other: LookUp): void {
  lookUp = other;
}
