/** A string as an SQL literal. */
export const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** Strings as a DuckDB list. */
export const textList = (values: readonly string[]) => `[${values.map(text).join(',')}]`;

/** A name as an SQL identifier. */
export const name = (value: string) => `"${value.replaceAll('"', '""')}"`;
