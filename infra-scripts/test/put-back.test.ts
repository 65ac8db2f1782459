import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { keepProcess } from '@millrace/testing/put-back';

/** What a test file may do to its process, which the next file shares, and how the next one would see it. */
const changes: [what: string, change: () => void, seen: () => unknown][] = [
  ['a global', () => Object.assign(globalThis, { window: {} }), () => 'window' in globalThis],
  [
    'a global under a symbol',
    () => Object.assign(globalThis, { [Symbol.for('x')]: 1 }),
    () => Symbol.for('x') in globalThis,
  ],
  ['another fetch', () => Object.assign(globalThis, { fetch: () => {} }), () => String(fetch)],
  ['no URL', () => Reflect.deleteProperty(globalThis, 'URL'), () => typeof URL],
  ['a clock of its own', () => (Date.now = () => 0), () => Date.now() > 0],
  ['no chance', () => (Math.random = () => 0.5), () => Math.random() === 0.5],
  ['a silent console', () => (console.error = () => {}), () => String(console.error)],
  ['another platform', () => Object.defineProperty(process, 'platform', { value: 'x' }), () => process.platform],
  ['another exit', () => (process.exit = () => 0 as never), () => String(process.exit)],
  ['an exit code', () => (process.exitCode = 3), () => process.exitCode],
  ['a variable', () => (process.env.MILLRACE_X = '1'), () => process.env.MILLRACE_X],
  ['a variable less', () => delete process.env.PATH, () => process.env.PATH],
  ['a folder', () => process.chdir(tmpdir()), () => process.cwd()],
  ['a listener', () => process.on('SIGUSR2', () => {}), () => process.listenerCount('SIGUSR2')],
  ['a listener for once', () => process.once('exit', () => {}), () => process.listenerCount('exit')],
];

test.each(changes)('a test file that leaves %s behind changes nothing for the next', (_, change, seen) => {
  const before = seen();
  const putBack = keepProcess();
  change();
  const between = seen();
  putBack();
  expect(between).not.toEqual(before);
  expect(seen()).toEqual(before);
});

test('who listened before listens on, however many files listened to what', () => {
  const heard: string[] = [];
  const listener = (text: string) => heard.push(text);
  const emitter = process as NodeJS.EventEmitter;
  emitter.on('millrace', listener);
  for (let file = 0; file < 50; file++) {
    const putBack = keepProcess();
    for (const name of ['SIGUSR2', 'SIGHUP', 'exit', `millrace ${file}`]) emitter.on(name, () => {});
    putBack();
  }
  emitter.emit('millrace', 'x');
  expect(heard).toEqual(['x']);
  emitter.removeListener('millrace', listener);
});

test('a process that let go of the channel to its parent holds it again', () => {
  let isHeld = true;
  const channel = { ref: () => (isHeld = true), unref: () => (isHeld = false) };
  const before = Object.getOwnPropertyDescriptor(process, 'channel');
  Object.defineProperty(process, 'channel', { value: channel, configurable: true });
  try {
    const putBack = keepProcess();
    process.channel!.unref();
    putBack();
    expect(isHeld).toBe(true);
  } finally {
    if (before) Object.defineProperty(process, 'channel', before);
    else Reflect.deleteProperty(process, 'channel');
  }
});
