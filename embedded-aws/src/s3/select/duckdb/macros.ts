/** DuckDB's macros that the translated SQL calls. Each gives NULL for a JSON value of another type. */
export const macros = [
  `CREATE MACRO s3_number(x) AS CASE WHEN json_type(x) IN ('VARCHAR', 'BOOLEAN', 'NULL', 'OBJECT', 'ARRAY') THEN NULL ELSE TRY_CAST(x AS DOUBLE) END`,
  `CREATE MACRO s3_text(x) AS CASE WHEN json_type(x) = 'VARCHAR' THEN x->>'$' END`,
  `CREATE MACRO s3_boolean(x) AS CASE WHEN json_type(x) = 'BOOLEAN' THEN CAST(x AS BOOLEAN) END`,
  `CREATE MACRO s3_timestamp(x) AS CASE WHEN json_type(x) = 'VARCHAR' THEN TRY_CAST(x->>'$' AS TIMESTAMPTZ) END`,
  `CREATE MACRO s3_value(x) AS CASE WHEN json_type(x) = 'NULL' THEN NULL ELSE x END`,
  `CREATE MACRO s3_elements(x) AS CASE WHEN json_type(x) = 'ARRAY' THEN json_extract(x, '$[*]') ELSE [] END`,
];
