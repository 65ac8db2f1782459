import type { ConversionConfiguration } from '../config/conversion.js';
import { convertValue, folded, Misfit } from './convert-value.js';
import { type Failure, malformed } from './failure.js';

/** Makes a record one line of JSON with the columns' values, or says why it cannot be one. */
export function createConverter({ schema, keys, fold }: ConversionConfiguration): (value: unknown) => Buffer | Failure {
  const columns = schema.columns.map((column, index) => ({ ...column, key: keys[index]! }));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return malformed('The record is JSON, but not an object.');
    const members = folded(value, fold);
    try {
      const row = Object.fromEntries(
        columns.map(({ name, type, key }) => [name, convertValue(members.get(key), type, name, fold)]),
      );
      return Buffer.from(`${JSON.stringify(row)}\n`);
    } catch (error) {
      if (error instanceof Misfit) return malformed(error.message);
      // What works on a value calls itself for those within.
      if (error instanceof RangeError) return malformed('The record is nested too deep.');
      throw error;
    }
  };
}
