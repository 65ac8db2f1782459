import type { Session, Tab } from './engine.js';

/** A command of W3C WebDriver (https://www.w3.org/TR/webdriver2/), by the name that Marionette has for it. */
export type Command =
  | 'DeleteSession'
  | 'Navigate'
  | 'Back'
  | 'ExecuteAsyncScript'
  | 'FindElement'
  | 'ElementClick'
  | 'GetWindowHandle'
  | 'NewWindow'
  | 'SwitchToWindow'
  | 'CloseWindow';

/** Sends a command in a session, and returns the value of its answer. */
export type Send = (command: Command, parameters?: Record<string, unknown>) => Promise<unknown>;

/** Runs in the page: answers `[result]`, or `[null, error]`. */
const script = (work: string) => `
  const args = Array.from(arguments);
  const done = args.pop();
  new Promise((resolve) => resolve((${work})(...args))).then((value) => done([value]), (error) => done([null, String(error)]));
`;

/** A session over WebDriver. Its commands go to the tab that is current, so they go one after another. */
export async function webDriverSession(send: Send, end: () => Promise<void>): Promise<Session> {
  const first = (await send('GetWindowHandle')) as string;
  let isFirstFree = true;
  let current = first;
  let underWay: Promise<unknown> = Promise.resolve();

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = underWay.then(work);
    underWay = result.catch(() => {});
    return result;
  };

  async function switchTo(handle: string, focus = false): Promise<void> {
    if (current === handle && !focus) return;
    await send('SwitchToWindow', { handle, focus });
    current = handle;
  }

  function tabOf(handle: string): Tab {
    const to = <Result>(work: () => Promise<Result>) =>
      inTurn(async () => {
        await switchTo(handle);
        return work();
      });
    return {
      goto: (url) => to(async () => void (await send('Navigate', { url }))),
      back: () => to(async () => void (await send('Back'))),
      evaluate: (work, ...args) =>
        to(async () => {
          const answer = await send('ExecuteAsyncScript', { script: script(String(work)), args });
          const [value, error] = answer as [never, string?];
          if (error) throw new Error(`in the page: ${error}`);
          return value;
        }),
      click: (selector) =>
        to(async () => {
          const element = await send('FindElement', { using: 'css selector', value: selector });
          await send('ElementClick', { id: Object.values(element as object)[0] });
        }),
      show: () => inTurn(() => switchTo(handle, true)),
      close: () =>
        to(async () => {
          const [other] = (await send('CloseWindow')) as string[];
          if (other) await switchTo(other);
        }),
    };
  }

  return {
    newTab: () =>
      inTurn(async () => {
        if (isFirstFree) {
          isFirstFree = false;
          return tabOf(first);
        }
        await switchTo(current, true);
        const { handle } = (await send('NewWindow', { type: 'tab' })) as { handle: string };
        await switchTo(handle, true);
        return tabOf(handle);
      }),
    close: () => inTurn(end),
  };
}
