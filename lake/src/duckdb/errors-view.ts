import { text } from '@millrace/kit/sql-text';
import { type SourceGroup, selectLines } from './read-objects.js';

/** The view `errors` over Firehose's error objects, each line decoded. `rootLength`: of the lake's folder. */
export function errorsView(groups: readonly SourceGroup[], rootLength: number): string {
  const member = (...names: string[]) => `coalesce(${names.map((each) => `json->>${text(each)}`).join(', ')})`;
  const lines =
    groups.length === 0
      ? 'SELECT NULL::JSON AS json, NULL::VARCHAR AS object WHERE false'
      : groups.map((group) => selectLines(group, rootLength)).join(' UNION ALL ');
  // Not try(): the optimizer takes from_base64 out of it, and then its error is not held back.
  const isBase64 = `regexp_full_match(json->>'rawData', '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?')`;
  // Readers must take any order of members and both spellings: the documentation and the service differ.
  return `CREATE VIEW errors AS SELECT
    split_part(object, '/', 2) AS type,
    ${member('errorCode', 'ErrorCode', 'lastErrorCode')} AS code,
    ${member('errorMessage', 'ErrorMessage', 'lastErrorMessage')} AS message,
    try_cast(json->>'attemptsMade' AS BIGINT) AS attempts,
    try(epoch_ms(try_cast(json->>'arrivalTimestamp' AS BIGINT))) AS arrived_at,
    try(epoch_ms(try_cast(json->>'attemptEndingTimestamp' AS BIGINT))) AS failed_at,
    coalesce(try(decode(bytes)), bytes::VARCHAR, json->>'rawData') AS raw,
    object
    FROM (SELECT *, CASE WHEN ${isBase64} THEN from_base64(json->>'rawData') END AS bytes FROM (${lines}))`;
}
