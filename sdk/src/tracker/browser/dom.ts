import { attempt } from './attempt.js';

/**
 * Reads a property by the getter of the interface that has it. Markup can hide properties: in a page with
 * `<form name="URL">` `document.URL` is the form, in a form with `<input name="attributes">` so is the input.
 */
function read(owner: () => { prototype: object }, target: object, name: string): unknown {
  const getter = attempt(() => Object.getOwnPropertyDescriptor(owner().prototype, name)!.get!);
  return getter ? getter.call(target) : (target as Record<string, unknown>)[name];
}

/** A property of the document, whatever the page's markup is called. */
export const ofDocument = <Name extends keyof Document>(name: Name): Document[Name] =>
  read(() => Document, document, name) as Document[Name];

/** What is read of an element. Documents, windows and shadow roots are on a click's path too, without attributes. */
export interface Attributed {
  tagName?: string;
  getAttribute?(name: string): string | null;
  attributes?: Iterable<{ name: string; value: string }>;
}

/** An element's attributes; none for what is no element. */
export const attributesOf = (node: Attributed): Iterable<{ name: string; value: string }> =>
  attempt(() => read(() => Element, node, 'attributes') as never) || [];

/** An attribute's text; undefined when it is absent or empty. */
export function attributeOf(node: Attributed | null, name: string): string | undefined {
  const found = attempt(() => [Element.prototype.getAttribute.call(node, name)]);
  return (found ? found[0] : attempt(() => node!.getAttribute!(name))) || undefined;
}
