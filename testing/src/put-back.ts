/** Puts something back to what it was. */
type PutBack = () => void;

const isSame = (one: PropertyDescriptor, other: PropertyDescriptor | undefined) =>
  one.value === other?.value && one.get === other?.get && one.set === other?.set;

/**
 * Own properties that were added are deleted where they can be. What is as it was is not touched: V8 would forget what
 * it knows of it.
 */
function keepProperties(object: object): PutBack {
  // Node counts its listeners in `_eventsCount`, for one.
  const isPublic = (key: string | symbol) => !String(key).startsWith('_');
  const keys = () => Reflect.ownKeys(object).filter(isPublic);
  const before = new Map(keys().map((key) => [key, Reflect.getOwnPropertyDescriptor(object, key)!]));
  return () => {
    for (const key of keys()) if (!before.has(key)) Reflect.deleteProperty(object, key);
    for (const [key, descriptor] of before)
      if (!isSame(descriptor, Reflect.getOwnPropertyDescriptor(object, key)))
        Reflect.defineProperty(object, key, descriptor);
  };
}

function keepListeners(): PutBack {
  const before = new Map(process.eventNames().map((name) => [name, new Set(process.rawListeners(name))]));
  return () => {
    for (const name of process.eventNames())
      for (const listener of process.rawListeners(name))
        if (!before.get(name)?.has(listener)) process.removeListener(name, listener as () => void);
  };
}

function keepSurroundings(): PutBack {
  const variables = { ...process.env };
  const folder = process.cwd();
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
    Object.assign(process.env, variables);
    if (process.cwd() !== folder) process.chdir(folder);
    process.exitCode = undefined;
    // A command that ends with its parent lets go of the channel, which keeps a Jest worker alive.
    process.channel?.ref();
  };
}

/**
 * Remembers what a test file may change in its process, and returns what puts it back: the globals, the properties of
 * those that tests replace, the variables, the folder, the exit code, and who listens to the process.
 */
export function keepProcess(): PutBack {
  const kept = [
    ...[globalThis, process, console, Math, Date, JSON].map(keepProperties),
    keepListeners(),
    keepSurroundings(),
  ];
  return () => {
    for (const putBack of kept) putBack();
  };
}
