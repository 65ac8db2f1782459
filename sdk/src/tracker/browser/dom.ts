import { attempt } from './attempt.js';
import { apply, get } from './builtins.js';

/** As they are when the tracker is loaded: a page may replace their methods, or declare a class of such a name. */
const { Document, Element, UIEvent } = globalThis;
// None is there on a server.
const getAttribute = Element?.prototype.getAttribute;
const composedPath = UIEvent?.prototype.composedPath;

/**
 * A property of the document, by the getter of its interface: markup can hide it. In a page with `<form name="URL">`
 * `document.URL` is the form.
 */
export const ofDocument = <Name extends keyof Document>(name: Name): Document[Name] =>
  get(Document.prototype, name, document);

/** What is read of an element. Documents, windows and shadow roots are on a click's path too, without attributes. */
export interface Attributed {
  tagName?: string;
  getAttribute?(name: string): string | null;
  attributes?: Iterable<{ name: string; value: string }>;
}

/** An element's attributes; none for what is no element. In a form with `<input name="attributes">` so is the input. */
export const attributesOf = (node: Attributed): Iterable<{ name: string; value: string }> =>
  attempt(() => get(Element.prototype, 'attributes', node)) || [];

/** An attribute's text; undefined when it is absent or empty. */
export const attributeOf = (node: Attributed | null, name: string): string | undefined =>
  attempt(() => apply(getAttribute, node as Element, [name])) || undefined;

/** What an event passes, from its target outwards. */
export const pathOf = (event: Event): Attributed[] => apply(composedPath, event, []) as Attributed[];
