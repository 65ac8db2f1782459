/**
 * A slug: a name that is safe in an S3 key, a Hive partition (`page=books`) and a metric label. Names that begin with
 * `_` belong to the server.
 */
export const slugPattern = /^[a-z][a-z0-9_]{0,47}$/;

/** Whether a text is a slug. */
export function isSlug(value: string): boolean {
  return slugPattern.test(value);
}
