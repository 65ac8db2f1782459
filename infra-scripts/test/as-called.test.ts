import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { run } from '../src/cli/main.js';
import { asCalled, commandNames } from '../src/cli/text/as-called.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** What a call prints, at the root of the clone. */
async function printed(...args: string[]): Promise<string> {
  jest.spyOn(process, 'cwd').mockReturnValue(root);
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const error = jest.spyOn(console, 'error').mockReturnValue();
  await run(args);
  return [...write.mock.calls, ...error.mock.calls].join('');
}

describe('what is printed calls the command as it can be called from here', () => {
  test('every command is known', async () => {
    const help = await printed('--help');
    const listed = [...help.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name).filter((name) => name !== 'help');
    expect(listed.sort()).toEqual([...commandNames]);
  });

  test.each([
    [['query', '--help'], './millrace query "describe events"'],
    [['spool', 'drain', '--help'], './millrace spool drain .millrace/spool'],
    [['redrive', 'errors', '--state', '/nowhere'], '`./millrace aws`'],
  ])('%j', async (args, words) => {
    const text = await printed(...args);
    expect(text).toContain(words);
    expect(text.replaceAll('Usage: millrace', '')).not.toMatch(/(^|[\s`])millrace (query|spool|aws|ls)\b/m);
  });

  test('other words stay: a sentence, a path, a package, another way to call it', () => {
    jest.spyOn(process, 'cwd').mockReturnValue(root);
    for (const text of [
      'millrace runs',
      'millrace: no',
      '/opt/millrace ls',
      '@x/millrace up',
      'Usage: millrace ls',
      './millrace ls',
    ])
      expect(asCalled(text)).toBe(text);
    expect(asCalled('see millrace status; (millrace up again)')).toBe('see ./millrace status; (./millrace up again)');
  });
});
