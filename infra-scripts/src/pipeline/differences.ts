/** A value as it stands in an AWS request or answer. */
type Shape = unknown;

const isObject = (value: Shape): value is Record<string, Shape> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Firehose's `[{ParameterName, ParameterValue}]` is a map that may come back in another order. */
function asParameters(value: Shape): Record<string, Shape> | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (!value.every((entry) => isObject(entry) && typeof entry.ParameterName === 'string')) return undefined;
  return Object.fromEntries(value.map((entry) => [entry.ParameterName, entry.ParameterValue]));
}

const show = (value: Shape) => (value === undefined ? 'not set' : JSON.stringify(value));

/**
 * Where what exists is not what is wanted, one line a place: `BufferingHints.SizeInMBs is 128, wanted 64`. Only what is
 * wanted is compared: AWS's answers carry members of their own.
 */
export function differences(wanted: Shape, found: Shape, path = ''): string[] {
  const at = (name: string | number) => (path === '' ? String(name) : `${path}.${name}`);
  const parameters = asParameters(wanted);
  if (parameters) return differences(parameters, asParameters(found) ?? {}, path);
  if (Array.isArray(wanted)) {
    const there = Array.isArray(found) ? found : [];
    if (wanted.length === 0 && found === undefined) return [];
    // A list without wishes: AWS may add a processor's default parameters.
    if (wanted.length === 0 && path.endsWith('Parameters')) return [];
    if (there.length !== wanted.length) return [`${path} has ${there.length} entries, wanted ${wanted.length}`];
    return wanted.flatMap((value, index) => differences(value, there[index], at(index)));
  }
  if (isObject(wanted)) {
    const there = isObject(found) ? found : {};
    return Object.entries(wanted).flatMap(([name, value]) => differences(value, there[name], at(name)));
  }
  return wanted === undefined || wanted === found ? [] : [`${path} is ${show(found)}, wanted ${show(wanted)}`];
}
