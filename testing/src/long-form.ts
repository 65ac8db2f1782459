/**
 * Whether the long forms run (`npm run test:long`). A `NAME.long.test.ts` imports its `NAME.test.ts`, which asks this.
 */
const isLong = process.env.MILLRACE_TEST_LONG === '1';

/** The value of the form that runs: `npm test` takes the short one, `npm run test:long` the full one. */
export const inForm = <Value>(short: Value, full: Value): Value => (isLong ? full : short);

/** The end of a test's name: the short form says what it leaves out, the long form leaves nothing out. */
export const leavesOut = (what: string): string => inForm(` (short form: ${what})`, '');

/**
 * A property's number of runs in this form, and the end of the name of its test.
 * @example const runs = propertyRuns(200, 2_000); test(`… ${runs.name}`, () => fc.assert(…, { numRuns: runs.numRuns }))
 */
export function propertyRuns(short: number, full: number): { numRuns: number; name: string } {
  return { numRuns: inForm(short, full), name: leavesOut(`${short} of ${full} runs`) };
}
