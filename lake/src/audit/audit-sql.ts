import { text } from '@millrace/kit/sql-text';
import { pagesWithoutEvents } from '@millrace/sdk/schema';
import { misfit } from '../duckdb/columns.js';

const isEvent = `page NOT IN (${pagesWithoutEvents.map(text).join(', ')})`;
const time = (column: string) => `try_cast(${column} AS TIMESTAMPTZ)::TIMESTAMP`;

/** The statements that make the audit's tables, in this order. */
export const auditTables = [
  // Every delivered line, read once, so that each object is decompressed only once. The window without an order numbers
  // the lines in the order of reading: object by object, line by line.
  `CREATE TEMP TABLE millrace_rows AS SELECT row_number() OVER () AS position,
     event_id, stream_id, try_cast(seq AS BIGINT) AS seq, after_stream_id, try_cast(after_seq AS BIGINT) AS after_seq,
     ${time('received_at')} AS received_at, ${time('coalesce(occurred_at, event_time)')} AS happened_at,
     hash(page, event) AS partition_hash, hash(object) AS object_hash, ${misfit} AS misfit
   FROM millrace_delivered WHERE ${isEvent}`,

  // Events that are not delivered, but not lost: their text is in the quarantine or in an error object.
  `CREATE TEMP TABLE millrace_held AS
   WITH texts AS (
     SELECT 'quarantine' AS place, raw AS line FROM quarantine
     UNION ALL SELECT 'errors', unnest(string_split(raw, chr(10))) FROM errors
   ), parsed AS (SELECT place, CASE WHEN json_valid(line) THEN line::JSON END AS json FROM texts)
   SELECT DISTINCT place, json->>'stream_id' AS stream_id, try_cast(json->>'seq' AS BIGINT) AS seq,
     json->>'after_stream_id' AS after_stream_id, try_cast(json->>'after_seq' AS BIGINT) AS after_seq
   FROM parsed WHERE json_type(json) = 'OBJECT'`,
] as const;

/** One row per event: the copy received first. Without copies it is `millrace_rows` itself. */
export const firstCopies = (duplicates: number) =>
  duplicates === 0
    ? 'CREATE TEMP VIEW millrace_firsts AS SELECT * FROM millrace_rows'
    : `CREATE TEMP TABLE millrace_firsts AS SELECT * FROM millrace_rows
       QUALIFY event_id IS NULL OR row_number() OVER (PARTITION BY event_id ORDER BY received_at, position) = 1`;

/** Whether a position can be audited. */
const numbered = 'stream_id IS NOT NULL AND seq >= 0';

/**
 * One row per stream. `present`: how many positions have an event; `in_quarantine`, `in_errors`: how many are kept
 * there; `told`: the last position by the visitor's next stream; `last`: the highest known position. So `last + 1` less
 * those three are missing.
 */
export const streamTable = `CREATE TEMP TABLE millrace_streams AS
  WITH present AS (
    SELECT stream_id, count(DISTINCT seq) AS present, count(*) AS events, max(seq) AS top
    FROM millrace_firsts WHERE ${numbered} GROUP BY stream_id
  ), elsewhere AS (
    SELECT stream_id, seq, min(place) AS place FROM millrace_held h WHERE ${numbered}
    AND NOT EXISTS (SELECT 1 FROM millrace_firsts f WHERE f.stream_id = h.stream_id AND f.seq = h.seq)
    GROUP BY stream_id, seq
  ), held AS (
    SELECT stream_id, count(*) FILTER (place = 'quarantine') AS in_quarantine, count(*) FILTER (place = 'errors') AS in_errors,
      max(seq) AS top
    FROM elsewhere GROUP BY stream_id
  ), told AS (
    SELECT after_stream_id AS stream_id, max(after_seq) AS told FROM (
      SELECT after_stream_id, after_seq FROM millrace_firsts UNION ALL SELECT after_stream_id, after_seq FROM millrace_held
    ) WHERE after_stream_id IS NOT NULL AND after_seq >= 0 GROUP BY after_stream_id
  ), joined AS (
    SELECT stream_id, coalesce(present, 0) AS present, coalesce(events, 0) AS events, coalesce(in_quarantine, 0) AS in_quarantine,
      coalesce(in_errors, 0) AS in_errors, told, greatest(present.top, held.top) AS seen, greatest(present.top, held.top, told) AS last
    FROM present FULL JOIN held USING (stream_id) FULL JOIN told USING (stream_id)
  )
  SELECT *, last + 1 - present - in_quarantine - in_errors AS missing,
    -- The tail is known when the visitor's next stream says where it ends, and no event has a higher position.
    coalesce(told >= seen, told IS NOT NULL) AS tail_known
  FROM joined`;

/** One row: `rows`, `duplicates`, `misfits`. */
export const totals = `SELECT
  count(*) AS rows, count(event_id) - count(DISTINCT event_id) AS duplicates, count(*) FILTER (misfit) AS misfits
  FROM millrace_rows`;

/** How many ids lie in more than one partition. */
export const acrossPartitions = `SELECT count(*) FROM (
  SELECT event_id FROM millrace_rows WHERE event_id IS NOT NULL GROUP BY event_id
  HAVING count(*) > 1 AND count(DISTINCT partition_hash) > 1)`;

/** One row with the sums over all streams. */
export const streamTotals = `SELECT
  count(*) AS streams, count(*) FILTER (missing = 0) AS gap_free, count(*) FILTER (NOT tail_known) AS tail_unknown,
  coalesce(sum(missing), 0)::DOUBLE AS missing, coalesce(sum(in_quarantine), 0)::BIGINT AS in_quarantine,
  coalesce(sum(in_errors), 0)::BIGINT AS in_errors, coalesce(sum(events - present), 0)::BIGINT AS conflicts
  FROM millrace_streams`;

/**
 * An event is out of order when an event of its stream with a higher position was received earlier. Where it lies says
 * nothing: page and event spread a batch over objects, and a server that spreads evenly puts a visitor's events into
 * several shards, which are read at different times. Events that no server received are judged by their place in an
 * object: nothing else tells when they came.
 */
export const orderTable = `CREATE TEMP TABLE millrace_disorder AS
  SELECT stream_id, count(*) AS out_of_order FROM (
    SELECT stream_id,
      (received_at IS NOT NULL AND seq < max(seq) OVER (PARTITION BY stream_id, received_at IS NULL
        ORDER BY received_at, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) IS TRUE
      OR (received_at IS NULL AND seq < max(seq) OVER (PARTITION BY stream_id, received_at IS NULL, object_hash
        ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) IS TRUE AS disordered
    FROM millrace_firsts WHERE ${numbered}
  ) WHERE disordered GROUP BY stream_id`;

/** One row: how long after they happened events were received, in milliseconds, of those that have both times. */
export const lateness = (lateMs: number) => `SELECT
  count(*) FILTER (ms > ${lateMs}) AS late, count(ms) AS timed, quantile_disc(ms, 0.5) AS p50, quantile_disc(ms, 0.99) AS p99, max(ms) AS most
  FROM (SELECT epoch_ms(received_at) - epoch_ms(happened_at) AS ms FROM millrace_firsts)`;

/** How many events have no stream or no position. */
export const unnumbered = `SELECT count(*) FROM millrace_firsts WHERE NOT coalesce(${numbered}, false)`;

/** The `count` worst streams: most missing first, then most conflicts, then most out of order. */
export const worstStreams = (
  count: number,
) => `SELECT stream_id, events, in_quarantine + in_errors AS held, last, missing, tail_known,
    coalesce(out_of_order, 0) AS out_of_order, events - present AS conflicts
  FROM millrace_streams LEFT JOIN millrace_disorder USING (stream_id)
  WHERE missing > 0 OR out_of_order > 0 OR events > present
  ORDER BY missing DESC, conflicts DESC, out_of_order DESC, stream_id LIMIT ${count}`;

/** The first `most` runs of missing positions of a stream up to `last`, both ends included. */
export const gapsOf = (
  streamId: string,
  last: number,
  most: number,
) => `SELECT seq + 1 AS first, next - 1 AS last FROM (
    SELECT seq, lead(seq) OVER (ORDER BY seq) AS next FROM (
      SELECT DISTINCT seq FROM millrace_firsts WHERE stream_id = ${text(streamId)} AND seq >= 0
      UNION SELECT seq FROM millrace_held WHERE stream_id = ${text(streamId)} AND seq >= 0
      UNION SELECT -1 UNION SELECT ${last} + 1
    )
  ) WHERE next > seq + 1 ORDER BY first LIMIT ${most}`;
