/**
 * Whether the long forms run (`npm run test:long`). A `NAME.long.test.ts` imports its `NAME.test.ts`, which asks this.
 */
const isLong = process.env.MILLRACE_TEST_LONG === '1';

/** The value of the form that runs: `npm test` takes the short one, `npm run test:long` the full one. */
export const inForm = <Value>(short: Value, full: Value): Value => (isLong ? full : short);

/** The end of a test's name: the short form says what it leaves out, the long form leaves nothing out. */
export const leavesOut = (what: string): string => inForm(` (short form: ${what})`, '');
