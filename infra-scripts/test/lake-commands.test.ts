import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { event, temporaryLake } from '@millrace/testing/lake-fixture';
import { program } from '@millrace/testing/program';
import { Command } from 'commander';
import { addLs } from '../src/cli/commands/ls.js';
import { addQuery } from '../src/cli/commands/query.js';
import { harmless, renderTable, showBytes } from '../src/cli/text/table.js';
import { auditableLakeOf } from '../src/targets/lake.js';
import { type Sandbox, sandbox } from './support/millrace.js';

let bin: string;
let at: ReturnType<typeof temporaryLake>;
let box: Sandbox;
beforeAll(async () => {
  bin = await program('infra-scripts/bin/millrace.js');
  at = temporaryLake();
  box = sandbox();
  at.put(
    'books',
    'clicked_review',
    event({ stream_id: 'A', seq: 0, title: 'a\u001b[2Jb' }),
    event({ stream_id: 'A', seq: 2 }),
  );
});
afterAll(async () => {
  at.remove();
  await box.remove();
});

async function millrace(args: string[], input?: string): Promise<{ code: unknown; out: string; err: string }> {
  const { code, stdout, stderr } = await box.run(args, input === undefined ? {} : { input });
  return { code, out: stdout, err: stderr };
}

/** Runs `ls` or `query` in this process. */
async function here(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const said = { out: [] as string[], err: [] as string[] };
  const spies = [
    jest.spyOn(console, 'log').mockImplementation((line) => void said.out.push(String(line))),
    jest.spyOn(console, 'error').mockImplementation((line) => void said.err.push(String(line))),
  ];
  process.exitCode = undefined;
  try {
    const command = new Command().exitOverride();
    addLs(command);
    addQuery(command);
    await command.parseAsync(args, { from: 'user' });
    return { code: process.exitCode ?? 0, out: said.out.join('\n'), err: said.err.join('\n') };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

describe('the commands over the lake', () => {
  test('query writes one JSON object a line when its output is no terminal', async () => {
    const answer = await millrace([
      'query',
      'select seq, event_time, url from events order by seq',
      '--lake',
      at.folder,
    ]);
    expect(answer).toEqual({
      code: 0,
      out:
        '{"seq":0,"event_time":"2026-11-23T08:00:00.000Z","url":null}\n' +
        '{"seq":2,"event_time":"2026-11-23T08:00:00.000Z","url":null}\n',
      err: '',
    });
  });

  test('query takes its SQL from the standard input, and draws a table on demand', async () => {
    const { out } = await millrace(
      ['query', '-', '--table', '--lake', at.folder],
      'select title, seq from events order by seq',
    );
    expect(out.split('\n').slice(0, 4)).toEqual([
      'title        seq',
      '───────────  ───',
      'a\\u001b[2Jb    0',
      'NULL           2',
    ]);
  });

  test('a wrong query: the message on stderr without a stack, exit code 1', async () => {
    const answer = await millrace(['query', 'select nope from events', '--lake', at.folder]);
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(/^millrace: Binder Error: .*nope/);
    expect(answer.err).not.toMatch(/\n {4}at /);
  });

  test('ls lists what lies there; the same as JSON', async () => {
    const { out } = await millrace(['ls', '--lake', at.folder]);
    expect(out).toMatch(/books +clicked_review +1 +2 +\d+ B +2026-11-23 08:00:00$/m);
    const json = await millrace(['ls', '--json', '--lake', at.folder]);
    expect(JSON.parse(json.out)).toMatchObject({ page: 'books', event: 'clicked_review', objects: 1, events: 2 });
  });

  test('ls counts refused events and rows of the ledger apart from events, in the table and as JSON', async () => {
    const mixed = temporaryLake();
    mixed.put('books', 'clicked_review', event({ site: 'shop' }), event({ site: 'shop', is_bot: true }));
    mixed.put('food', 'liked_item', event({ site: 'blog' }), event());
    mixed.put('_quarantine', '_invalid_json', { event_id: 'x', raw: '{', site: 'shop' });
    const row = (server_row: number) => ({ server: 'a.0', server_row, received_at: '2026-11-23T08:00:00.200Z' });
    mixed.put('_ledger', '_acknowledged', row(0), row(1), row(2));
    const at = ['--lake', mixed.folder];
    try {
      const { out } = await here('ls', ...at);
      expect(out).toMatch(/^2 partitions +2 +4 /m);
      expect(out).toMatch(/^no events +objects +rows/m);
      expect(out).toMatch(/^_ledger +_acknowledged +1 +3 /m);
      expect(out).toMatch(/^_quarantine +_invalid_json +1 +1 /m);
      const json = (await here('ls', '--json', ...at)).out.split('\n').map((line) => JSON.parse(line));
      expect(json.map(({ kind, rows, events }) => [kind, rows, events])).toEqual([
        ['ledger', 3, 0],
        ['quarantine', 1, 0],
        ['events', 2, 2],
        ['events', 2, 2],
      ]);
    } finally {
      mixed.remove();
    }
  });

  test.each([
    [['--site', 'shop'], 2, 0],
    [['--site', 'shop', '--no-bots'], 1, 0],
    [['--site', 'blog'], 1, 0],
    [['--no-bots'], 3, 0],
    [['--site', 'nowhere'], 0, 4],
  ])('ls and query with %j see those events alone; where there is none, ls says so', async (filter, count, code) => {
    const mixed = temporaryLake();
    mixed.put('books', 'clicked_review', event({ site: 'shop' }), event({ site: 'shop', is_bot: true }));
    mixed.put('food', 'liked_item', event({ site: 'blog' }), event());
    const at = [...filter, '--lake', mixed.folder];
    try {
      const listed = await here('ls', '--json', ...at);
      const lines = listed.out === '' ? [] : listed.out.split('\n').map((line) => JSON.parse(line));
      expect(lines.reduce((sum, { events }) => sum + events, 0)).toBe(count);
      expect(listed.code).toBe(code);
      if (code === 4) expect(listed.err).toMatch(/no events found in the lake of the site nowhere/);
      expect((await here('query', 'select count(*) as n from events', '--table', ...at)).out).toMatch(
        new RegExp(`^${count}$`, 'm'),
      );
    } finally {
      mixed.remove();
    }
  });

  test('audit: the exit code is the verdict: 0 complete, 1 lost, 3 cannot say, 4 nothing there; 2 when it is called wrongly', async () => {
    const lost = await millrace(['audit', '--lake', at.folder]);
    expect(lost).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^Lost: 1 event by the numbers of streams without/),
    });
    const json = await millrace(['audit', '--json', '--lake', at.folder]);
    expect(JSON.parse(json.out)).toMatchObject({
      verdict: 'lost',
      missing: 1,
      worst: [{ gaps: [{ first: 1, last: 1 }] }],
    });
    const other = temporaryLake();
    other.put('books', 'clicked_review');
    const nothing = await millrace(['audit', '--lake', other.folder]);
    expect(nothing).toMatchObject({ code: 4, out: expect.stringMatching(/^Nothing to audit: /) });
    const seq = 0;
    other.put('books', 'clicked_review', event({ stream_id: 'A', seq, received_at: '2026-11-23T08:00:00.200Z' }));
    const complete = await millrace(['audit', '--lake', other.folder]);
    expect(complete).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Proved complete by numbers alone: 1 event of/),
    });
    const row = { server: 'a.0', received_at: '2026-11-23T08:00:00.100Z', server_row: 0, acknowledged: '' };
    other.put('_ledger', '_acknowledged', row);
    const unnamed = await millrace(['audit', '--settle', '0', '--lake', other.folder]);
    expect(unnamed).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^Cannot say: no row of the ledger names 1 event/),
    });
    const page = await millrace(['audit', '--page', 'food', '--since', '2026-11-24', '--lake', other.folder]);
    other.remove();
    expect(page.code).toBe(4);
    expect(await millrace(['audit', '--since', 'soon', '--lake', at.folder])).toMatchObject({ code: 2 });
    expect(await millrace(['audit', '--late', 'soon', '--lake', at.folder])).toMatchObject({ code: 2 });
    const nowhere = await millrace(['ls', '--lake', `${at.folder}/nowhere`]);
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringMatching(/does not exist/) });
  });

  test.each([['audit'], ['ls'], ['query', 'select 1']])(
    '%s where no lake is does not look like an empty lake',
    async (...args) => {
      const answer = await millrace([...args, '--state', at.folder]);
      expect(answer).toMatchObject({ code: 4, out: '' });
      expect(answer.err).toContain(`there is no lake in ${join(at.folder, 's3', 'millrace-lake')}`);
      expect(answer.err).toContain('--state FOLDER');
    },
  );

  test('audit says how to copy a lake on AWS first: Athena cannot read its objects', async () => {
    const before = process.env.MILLRACE_WORKGROUP;
    process.env.MILLRACE_WORKGROUP = 'millrace';
    try {
      await expect(auditableLakeOf({})).rejects.toThrow(/aws s3 sync .* then millrace audit --lake lake$/);
      const { lake } = await auditableLakeOf({ lake: at.folder });
      expect(await lake.audit()).toMatchObject({ missing: 1 });
      await lake.close();
    } finally {
      if (before === undefined) delete process.env.MILLRACE_WORKGROUP;
      else process.env.MILLRACE_WORKGROUP = before;
    }
  });

  test('nothing looked at is never called success: what was passed over is counted, and the lake is named', async () => {
    const above = await millrace(['ls', '--lake', at.parent]);
    expect(above).toMatchObject({ code: 4, out: '' });
    expect(above.err).toContain(`no events found in ${at.parent}: 1 file passed over (it's a lake/page=books/`);
    expect(above.err).toContain(`The lake may be ${at.folder}`);
    const count = await millrace(['query', 'select count(*) as n from events', '--lake', at.parent]);
    expect(count).toMatchObject({
      code: 4,
      out: '{"n":0}\n',
      err: expect.stringMatching(/no events found in .* 1 file/),
    });
    const redrive = await millrace(['redrive', 'quarantine', '--dry-run', '--lake', at.parent]);
    expect(redrive).toMatchObject({ code: 4, err: expect.stringMatching(/no events found in .* 1 file/) });

    const other = temporaryLake();
    other.writeBytes('README.txt', 'a folder of something else');
    other.writeBytes('page=books/event=clicked_review/_SUCCESS', '');
    other.writeBytes('page=books/event=clicked_review/.part.gz', 'x');
    for (const n of [1, 2, 3]) other.writeBytes(`logs/${n}.txt`, 'x');
    const elsewhere = await millrace(['ls', '--lake', other.folder]);
    expect(elsewhere).toMatchObject({ code: 4, err: expect.stringMatching(/: 6 files passed over \(.*, …\)\n$/) });
    other.put('books', 'clicked_review', event());
    const found = await millrace(['ls', '--lake', other.folder]);
    other.remove();
    expect(found).toMatchObject({ code: 0, err: expect.stringContaining('6 files passed over') });
  });

  test('a reader that leaves early, as head does, ends a query without an error', async () => {
    const child = spawn(process.execPath, [bin, 'query', 'select * from range(3000000)', '--lake', at.folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('text tables', () => {
  const columns = [{ name: 'a' }, { name: 'long', align: 'right' as const }];

  test('columns are as wide as they need to be, and wide characters count two', () => {
    expect(
      renderTable(columns, [
        ['日本', '1'],
        ['x', '22222'],
      ]),
    ).toBe('a      long\n────  ─────\n日本      1\nx     22222');
  });

  test('what is too wide for the terminal is cut, the widest first', () => {
    const drawn = renderTable(columns, [['x'.repeat(50), 'y'.repeat(10)]], { width: 32 });
    expect(drawn.split('\n').map((line) => line.length)).toEqual([32, 32, 32]);
    expect(drawn).toContain(`${'x'.repeat(19)}…  ${'y'.repeat(10)}`);
  });

  test('columns that cannot stand side by side become a list of fields', () => {
    const many = Array.from({ length: 20 }, (_, index) => ({ name: `column_${index}` }));
    const drawn = renderTable(many, [many.map(({ name }) => `value of ${name}`)], { width: 60 });
    expect(drawn.split('\n')).toHaveLength(21);
    expect(drawn).toContain('column_7   value of column_7');
    for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });

  test('nothing in the data can steer the terminal', () => {
    expect(harmless('a\u001b[31m\n\u009b\u202e')).toBe('a\\u001b[31m\\n\\u009b\\u202e');
  });

  test('bytes for people', () => {
    expect([0, 999, 1_000, 1_450, 999_600, 123_456_789].map(showBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.4 kB',
      '1.0 MB',
      '123 MB',
    ]);
  });
});
