import { setGlobals } from './set-globals.js';

/** What the tracker keeps of a page when it is loaded: imported ahead of it, for documents and elements of tests. */
const ofItself = new Proxy(
  {},
  {
    get: (_, name, of) => Reflect.get(of as object, name),
    set: (_, name, value, of) => Reflect.set(of as object, name, value),
  },
);

setGlobals({
  Document: { prototype: ofItself },
  Element: {
    prototype: {
      getAttribute(this: Pick<Element, 'getAttribute'>, name: string) {
        return this.getAttribute(name);
      },
      get attributes(): unknown {
        return Reflect.getOwnPropertyDescriptor(this, 'attributes')?.value;
      },
    },
  },
});
