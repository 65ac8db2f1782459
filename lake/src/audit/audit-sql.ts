import { text } from '@millrace/kit/sql-text';
import { quarantinePage } from '@millrace/sdk/schema';
import { misfit } from '../duckdb/columns.js';

const isEvent = `page <> ${text(quarantinePage)}`;
const time = (column: string) => `try_cast(${column} AS TIMESTAMPTZ)::TIMESTAMP`;

/** The audit's tables, made in this order. */
export const auditTables = [
  // Every delivered line, once read, so that the objects are decompressed only once. The window without an order numbers the lines as
  // they are read: object by object, line by line.
  `CREATE TEMP TABLE millrace_rows AS SELECT row_number() OVER () AS position,
     event_id, stream_id, try_cast(seq AS BIGINT) AS seq, after_stream_id, try_cast(after_seq AS BIGINT) AS after_seq,
     ${time('received_at')} AS received_at, ${time('coalesce(occurred_at, event_time)')} AS happened_at,
     hash(page, event) AS partition_hash, hash(object) AS object_hash, ${misfit} AS misfit
   FROM millrace_delivered WHERE ${isEvent}`,

  // Events that are not in the lake proper but not lost: their text is in the quarantine or in an error object.
  `CREATE TEMP TABLE millrace_held AS
   WITH texts AS (
     SELECT 'quarantine' AS place, raw AS line FROM quarantine
     UNION ALL SELECT 'errors', unnest(string_split(raw, chr(10))) FROM errors
   ), parsed AS (SELECT place, CASE WHEN json_valid(line) THEN line::JSON END AS json FROM texts)
   SELECT DISTINCT place, json->>'stream_id' AS stream_id, try_cast(json->>'seq' AS BIGINT) AS seq,
     json->>'after_stream_id' AS after_stream_id, try_cast(json->>'after_seq' AS BIGINT) AS after_seq
   FROM parsed WHERE json_type(json) = 'OBJECT'`,
] as const;

/** One row per event: the copy received first. Where there are no copies this is `millrace_rows` itself. */
export const firstCopies = (duplicates: number) =>
  duplicates === 0
    ? 'CREATE TEMP VIEW millrace_firsts AS SELECT * FROM millrace_rows'
    : `CREATE TEMP TABLE millrace_firsts AS SELECT * FROM millrace_rows
       QUALIFY event_id IS NULL OR row_number() OVER (PARTITION BY event_id ORDER BY received_at, position) = 1`;

/** Whether a position can be audited. */
const numbered = 'stream_id IS NOT NULL AND seq >= 0';

/**
 * One row per stream that the lake knows of. `present`: positions with an event; `held`: positions kept elsewhere; `told`: how far the
 * visitor's next stream says it got; `last`: the highest position known; so `last + 1 - present - held` are missing.
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
    -- The tail is known when the next stream tells of it, and no later event contradicts.
    coalesce(told >= seen, told IS NOT NULL) AS tail_known
  FROM joined`;

export const totals = `SELECT
  count(*) AS rows, count(event_id) - count(DISTINCT event_id) AS duplicates, count(*) FILTER (misfit) AS misfits
  FROM millrace_rows`;

export const acrossPartitions = `SELECT count(*) FROM (
  SELECT event_id FROM millrace_rows WHERE event_id IS NOT NULL GROUP BY event_id
  HAVING count(*) > 1 AND count(DISTINCT partition_hash) > 1)`;

export const streamTotals = `SELECT
  count(*) AS streams, count(*) FILTER (missing = 0) AS gap_free, count(*) FILTER (NOT tail_known) AS tail_unknown,
  coalesce(sum(missing), 0)::DOUBLE AS missing, coalesce(sum(in_quarantine), 0)::BIGINT AS in_quarantine,
  coalesce(sum(in_errors), 0)::BIGINT AS in_errors, coalesce(sum(events - present), 0)::BIGINT AS conflicts
  FROM millrace_streams`;

/**
 * An event is out of order when one of its stream with a higher position was received earlier, or stands before it in the same object.
 * Within one batch (one received_at) the objects' order decides nothing, because page and event scatter a batch over objects.
 */
export const orderTable = `CREATE TEMP TABLE millrace_disorder AS
  SELECT stream_id, count(*) AS out_of_order FROM (
    SELECT stream_id,
      (received_at IS NOT NULL AND seq < max(seq) OVER (PARTITION BY stream_id, received_at IS NULL
        ORDER BY received_at, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) IS TRUE
      OR (seq < max(seq) OVER (PARTITION BY stream_id, object_hash
        ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) IS TRUE AS disordered
    FROM millrace_firsts WHERE ${numbered}
  ) WHERE disordered GROUP BY stream_id`;

/** Milliseconds from happening to receiving, of the events that have both times. */
export const lateness = (lateMs: number) => `SELECT
  count(*) FILTER (ms > ${lateMs}) AS late, count(ms) AS timed, quantile_disc(ms, 0.5) AS p50, quantile_disc(ms, 0.99) AS p99, max(ms) AS most
  FROM (SELECT epoch_ms(received_at) - epoch_ms(happened_at) AS ms FROM millrace_firsts)`;

export const unnumbered = `SELECT count(*) FROM millrace_firsts WHERE NOT coalesce(${numbered}, false)`;

/** The streams with the most missing, then with the most disorder. */
export const worstStreams = (
  count: number,
) => `SELECT stream_id, events, in_quarantine + in_errors AS held, last, missing, tail_known,
    coalesce(out_of_order, 0) AS out_of_order, events - present AS conflicts
  FROM millrace_streams LEFT JOIN millrace_disorder USING (stream_id)
  WHERE missing > 0 OR out_of_order > 0 OR events > present
  ORDER BY missing DESC, conflicts DESC, out_of_order DESC, stream_id LIMIT ${count}`;

/** The runs of missing positions of one stream, first to last. */
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
