import type { OutputColumn } from './duckdb/to-duckdb.js';
import type { SelectRequest } from './request.js';

/** Writes one row of JSON texts in the output format; null for a missing value. */
export type RowWriter = (row: readonly (string | null)[]) => string;

/** A writer for the request's output format. `columns`: undefined for `SELECT *`. */
export function rowWriter(output: SelectRequest['output'], columns: readonly OutputColumn[] | undefined): RowWriter {
  return output.format === 'json' ? jsonWriter(output.recordDelimiter, columns) : csvWriter(output);
}

function jsonWriter(delimiter: string, columns: readonly OutputColumn[] | undefined): RowWriter {
  // A value that is not an object is named by its place.
  if (!columns) return ([text]) => (text!.trimStart().startsWith('{') ? text! : `{"_1":${text}}`) + delimiter;
  const names = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  return (row) => {
    const members: string[] = [];
    for (const [index, value] of row.entries()) {
      if (value !== null) members.push(names[index]! + plainNumber(value));
      else if (!columns[index]!.mayBeMissing) members.push(`${names[index]!}null`);
    }
    return `{${members.join(',')}}${delimiter}`;
  };
}

/** The engine computes in floating point: writes `3.0` as `3`, as S3 does. */
const plainNumber = (text: string) => (/^-?\d+\.0$/.test(text) ? text.slice(0, -2) : text);

function csvWriter(output: Extract<SelectRequest['output'], { format: 'csv' }>): RowWriter {
  const { recordDelimiter, fieldDelimiter, quote, escape: quoteEscape, always } = output;
  const special = [recordDelimiter, fieldDelimiter, quote, '\n', '\r'];
  const field = (text: string) =>
    always || special.some((one) => text.includes(one))
      ? quote + text.replaceAll(quote, quoteEscape + quote) + quote
      : text;
  const fields = (row: readonly (string | null)[]): string[] => row.map((text) => fieldText(text));
  return (row) => `${fields(expanded(row)).map(field).join(fieldDelimiter)}${recordDelimiter}`;
}

/** With `SELECT *` a row is one object: its values are the fields. */
function expanded(row: readonly (string | null)[]): (string | null)[] {
  const [only] = row;
  if (row.length !== 1 || !only?.trimStart().startsWith('{')) return [...row];
  return Object.values(JSON.parse(only) as object).map((value) => JSON.stringify(value));
}

function fieldText(text: string | null): string {
  if (text === null || text === 'null') return '';
  return text.startsWith('"') ? (JSON.parse(text) as string) : plainNumber(text);
}
