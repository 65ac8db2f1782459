import { invalidArgument, malformedXml, notImplemented, S3Error } from '../errors.js';
import { childText, parseXml, type XmlNode } from '../http/xml.js';

/** What a request asks for. https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html */
export interface SelectRequest {
  expression: string;
  input: { format: 'lines' | 'document' | 'parquet'; compression: 'NONE' | 'GZIP' };
  output:
    | { format: 'json'; recordDelimiter: string }
    | {
        format: 'csv';
        recordDelimiter: string;
        fieldDelimiter: string;
        quote: string;
        escape: string;
        always: boolean;
      };
  progress: boolean;
  /** Records that begin within these bytes, both included. */
  scanRange?: { start?: number; end?: number };
}

const child = (node: XmlNode | undefined, name: string) => node?.children.find((one) => one.name === name);

/** Reads a request's XML. @throws S3Error with S3's code */
export function readSelectRequest(text: string): SelectRequest {
  if (text.trim() === '') throw new S3Error('EmptyRequestBody', 'Request body cannot be empty.', 400);
  const root = parseXml(text);
  if (root.name !== 'SelectObjectContentRequest') throw malformedXml('expected a SelectObjectContentRequest element.');
  const expression = childText(root, 'Expression');
  const type = childText(root, 'ExpressionType');
  const input = child(root, 'InputSerialization');
  const output = child(root, 'OutputSerialization');
  for (const [name, value] of Object.entries({
    Expression: expression,
    ExpressionType: type,
    InputSerialization: input,
    OutputSerialization: output,
  }))
    if (value === undefined || value === '')
      throw new S3Error(
        'MissingRequiredParameter',
        `The SelectRequest entity is missing a required parameter: ${name}.`,
        400,
      );
  if (type !== 'SQL')
    throw new S3Error(
      'InvalidExpressionType',
      'The ExpressionType is invalid. Only SQL expressions are supported.',
      400,
    );
  const scanRange = scanRangeOf(child(root, 'ScanRange'));
  const request = {
    expression: expression!,
    input: inputOf(input!),
    output: outputOf(output!),
    progress: childText(child(root, 'RequestProgress') ?? root, 'Enabled')?.trim() === 'true',
    ...(scanRange ? { scanRange } : {}),
  };
  if (scanRange && (request.input.compression !== 'NONE' || request.input.format === 'document'))
    throw new S3Error(
      'UnsupportedScanRangeInput',
      'Scan range queries are not supported on this type of object: it must be uncompressed JSON lines.',
      400,
    );
  return request;
}

function inputOf(input: XmlNode): SelectRequest['input'] {
  const compression = childText(input, 'CompressionType')?.trim() || 'NONE';
  if (compression === 'BZIP2') throw notImplemented('CompressionType BZIP2 of SelectObjectContent (NONE and GZIP are)');
  if (compression !== 'NONE' && compression !== 'GZIP')
    throw new S3Error(
      'InvalidCompressionFormat',
      'The file is not in a supported compression format. Only GZIP and BZIP2 are supported.',
      400,
    );
  if (child(input, 'CSV')) throw notImplemented('CSV as the input of SelectObjectContent (JSON and Parquet are)');
  if (child(input, 'Parquet')) {
    if (compression !== 'NONE')
      throw new S3Error(
        'InvalidCompressionFormat',
        'CompressionType must be NONE for Parquet, which compresses by itself.',
        400,
      );
    return { format: 'parquet', compression };
  }
  const json = child(input, 'JSON');
  if (!json)
    throw new S3Error(
      'MissingRequiredParameter',
      'The SelectRequest entity is missing a required parameter: JSON or Parquet of InputSerialization.',
      400,
    );
  const type = childText(json, 'Type')?.trim();
  if (type !== 'LINES' && type !== 'DOCUMENT')
    throw new S3Error('InvalidJsonType', 'The JsonType is invalid. Only DOCUMENT and LINES are supported.', 400);
  return { format: type === 'LINES' ? 'lines' : 'document', compression };
}

function outputOf(output: XmlNode): SelectRequest['output'] {
  const json = child(output, 'JSON');
  if (json) return { format: 'json', recordDelimiter: childText(json, 'RecordDelimiter') || '\n' };
  const csv = child(output, 'CSV');
  if (!csv)
    throw new S3Error(
      'MissingRequiredParameter',
      'The SelectRequest entity is missing a required parameter: JSON or CSV of OutputSerialization.',
      400,
    );
  const quote = childText(csv, 'QuoteCharacter') || '"';
  return {
    format: 'csv',
    recordDelimiter: childText(csv, 'RecordDelimiter') || '\n',
    fieldDelimiter: childText(csv, 'FieldDelimiter') || ',',
    quote,
    escape: childText(csv, 'QuoteEscapeCharacter') || quote,
    always: childText(csv, 'QuoteFields') === 'ALWAYS',
  };
}

function scanRangeOf(node: XmlNode | undefined): SelectRequest['scanRange'] {
  if (!node) return undefined;
  const number = (name: string) => {
    const text = childText(node, name)?.trim();
    if (text === undefined || text === '') return undefined;
    if (!/^\d{1,15}$/.test(text)) throw invalidArgument(`${name} must be a whole number.`, name, text);
    return Number(text);
  };
  const start = number('Start');
  const end = number('End');
  if (start === undefined && end === undefined)
    throw new S3Error('MissingRequiredParameter', 'ScanRange needs a Start or an End.', 400);
  if (start !== undefined && end !== undefined && end < start)
    throw new S3Error('InvalidScanRange', 'The scan range ends before it begins.', 400);
  return { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
}
