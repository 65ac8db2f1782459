import { describe, expect, test } from '@jest/globals';
import { welcome } from '../src/cli/text/welcome.js';

const parts = {
  storeUrl: 'http://localhost:3000',
  ingestUrl: 'http://127.0.0.1:8080',
  awsUrl: 'http://127.0.0.1:4566',
  state: '/home/ada/shop/.millrace',
  stateFoundByItself: '/home/ada/shop/.millrace',
  cwd: '/home/ada/shop',
  traffic: { eventsPerSecond: 2, maxEvents: 10_000 },
};

describe('what millrace dev says', () => {
  test('fits a terminal of 80 columns and 24 lines', () => {
    const lines = welcome(parts).split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('names the lake from here, and exports nothing where commands find the state by themselves', () => {
    const text = welcome(parts);
    expect(text).toContain(' .millrace/s3/millrace-lake\n');
    expect(text).not.toContain('MILLRACE_STATE');
  });

  test('where the state is elsewhere, the commands are told so, in words that a shell takes', () => {
    const text = welcome({ ...parts, state: "/srv/ada's state" });
    expect(text).toContain(" /srv/ada's state/s3/millrace-lake\n");
    expect(text).toContain("export MILLRACE_STATE='/srv/ada'\\''s state'\n");
  });
});
