import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { FilterError } from '../src/firehose/jq/jq-program.js';
import { runQuery } from './jq-support.js';

/** What jq 1.6 gave, recorded by test/recorded/record-jq.mjs. */
interface Recorded {
  filter: string;
  /** jq 1.6 does not compile it. */
  refused?: true;
  /** `{"outputs":[…]}` and `{"error":"…"}` as text, and for each input which of them. */
  table: string[];
  outcomes: number[];
}
const { inputs, filters } = JSON.parse(
  readFileSync(new URL('../../test/recorded/jq-1.6.json', import.meta.url), 'utf8'),
) as { inputs: string[]; filters: Recorded[] };

/** Where Data Firehose's jq 1.6 and ours (1.8) differ, and why that is so. */
const readsOn = 'it would mix up records that go through jq together, so it is refused with that reason';
const largeNumbers = 'numbers past 17 digits, or below 1e-5, are printed another way; keys are rarely made of them';
const apostrophe = "1.8 escapes !'()* too, as RFC 3986 wants";
const differences: Record<string, string> = {
  '{k:(input)}': readsOn,
  '{k:(debug)}': readsOn,
  '{k:(.page | halt_error)}': readsOn,
  '{k:(input_filename)}': readsOn,
  '{k:(input_line_number)}': readsOn,
  '{k:(.page | @uri)}': apostrophe,
  '{k:(.page | ascii_downcase | @uri)}': apostrophe,
  '{k:(.big | tojson)}': largeNumbers,
  '{k:(.float | tojson)}': largeNumbers,
  '{k:(tojson | length)}': largeNumbers,
  '{k:(tostring | length)}': largeNumbers,
  '{k:(.page | index("h"))}': '1.6 counts bytes, 1.8 characters',
  '{k:(.tags | limit(0; .[]))}': '1.6 gives one value where none is asked for',
  '{k:($__loc__ | .line)}': 'the query stands in a program around it',
  '{k:(.page | [scan("o"; "g")] | length)}': 'a newer argument that is not recognised here',
  '{k:(try (1/0) catch "x")}': '1.6 refuses a division by a written zero, 1.8 when it happens',
};

type Outcome = { values: unknown } | 'fails';

/** One output that is an object gives partition keys; everything else is a failure of the record. */
function expected({ table, outcomes }: Recorded, input: number): Outcome {
  const { outputs } = JSON.parse(table[outcomes[input]!]!) as { outputs?: unknown[] };
  const [only] = outputs ?? [];
  return outputs?.length === 1 && typeof only === 'object' && only !== null && !Array.isArray(only)
    ? { values: only }
    : 'fails';
}

async function actual(filter: string): Promise<Outcome[] | 'refused'> {
  try {
    const results = await runQuery(filter, inputs);
    return results.map((result) => ('failure' in result ? 'fails' : { values: result.values }));
  } catch (error) {
    if (error instanceof FilterError) return 'refused';
    throw error;
  }
}

describe('partition keys by jq: what jq 1.6 was recorded to give', () => {
  const found = new Map<string, string>();

  beforeAll(async () => {
    for (const recorded of filters) {
      const { filter, refused } = recorded;
      const ours = await actual(filter);
      if (refused || ours === 'refused') {
        if ((refused === true) !== (ours === 'refused'))
          found.set(filter, refused ? 'refused by jq 1.6, taken here' : 'taken by jq 1.6, refused here');
        continue;
      }
      const unequal = inputs.flatMap((input, index) => {
        const [theirs, here] = [JSON.stringify(expected(recorded, index)), JSON.stringify(ours[index])];
        return theirs === here ? [] : [`${input}: ${theirs} there, ${here} here`];
      });
      if (unequal.length > 0) found.set(filter, unequal.join('; '));
    }
  }, 120_000);

  test('is recorded for at least 100 filters on at least 50 inputs', () => {
    expect(filters.length).toBeGreaterThanOrEqual(100);
    expect(inputs.length).toBeGreaterThanOrEqual(50);
  });

  test('is counted in docs/embedded-aws.md: filters, inputs and differences', () => {
    const page = readFileSync(new URL('../../../docs/embedded-aws.md', import.meta.url), 'utf8');
    const differ = Object.keys(differences).length;
    expect(page).toContain(`${filters.length} filters × ${inputs.length} inputs; ${differ} differ`);
  });

  test('is what we give, but for the differences that are listed with their reasons', () => {
    if (process.env.JQ_DIFFERENCES) for (const [filter, what] of found) console.log(`${filter}\n  ${what}`);
    expect([...found.keys()].sort()).toEqual(Object.keys(differences).sort());
  });
});
