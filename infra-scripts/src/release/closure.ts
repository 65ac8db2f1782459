/** A lock file's entry, as far as it matters here. */
export interface LockedPackage {
  link?: boolean;
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/**
 * Where the packages lie that the given ones need, and theirs, as npm resolves them: `node_modules/a/node_modules/b` before
 * `node_modules/b`. Workspaces are links, and stand for the folder that they point to.
 * @param from the folder of the package that asks, as the lock file names it: `ingest-server`
 * @throws Error naming a package that the lock file has not
 */
export function closure(
  packages: Record<string, LockedPackage>,
  wanted: readonly { from: string; name: string }[],
): string[] {
  const found = new Set<string>();
  const resolve = (from: string, name: string): string | undefined => {
    for (let at = from; ; ) {
      const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
      if (packages[candidate]) return candidate;
      if (at === '') return undefined;
      const parent = at.lastIndexOf('/node_modules/');
      at = parent < 0 ? '' : at.slice(0, parent);
    }
  };
  const add = (from: string, name: string, isOptional: boolean) => {
    const path = resolve(from, name);
    if (path === undefined) {
      if (isOptional) return;
      throw new Error(`the lock file has no ${name}, which ${from || 'the project'} needs`);
    }
    if (found.has(path)) return;
    found.add(path);
    const entry = packages[path]!;
    const real = entry.link ? entry.resolved! : path;
    const { dependencies = {}, optionalDependencies = {} } = packages[real] ?? {};
    for (const each of Object.keys(dependencies)) add(real, each, false);
    for (const each of Object.keys(optionalDependencies)) add(real, each, true);
  };
  for (const { from, name } of wanted) add(from, name, false);
  return [...found].sort();
}
