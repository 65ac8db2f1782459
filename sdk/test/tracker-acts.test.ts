import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Page } from 'playwright-core';
import { openShop } from './browser/shop.js';

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

/** What a row of the README's table says, and how to try it. */
interface Row {
  act: string;
  counted: string;
  tries: Try[];
}

/** A page, what a person does there, and the events that come of it. */
interface Try {
  body: string;
  /** Runs when the body is there. */
  script?: string;
  /** Runs ahead of the tracker: given with the first, it is there for all of the row. */
  before?: string;
  does(page: Page): Promise<unknown>;
  events: string[];
}

const link = '<a href="/next" data-track="opened">text</a>';
const press = (selector: string, key: string) => async (page: Page) => {
  await page.focus(selector);
  await page.keyboard.press(key);
};
const click =
  (selector: string, options: Parameters<Page['click']>[1] = {}) =>
  (page: Page) =>
    page.click(selector, options);
/** At its left end, where the text of a label is. */
const clickText = (selector: string) => click(selector, { position: { x: 4, y: 8 } });
const run = (code: string) => (page: Page) => page.evaluate(code);
/** A press of the button on one element, and its release on another. */
const drag = (from: string, to: string) => async (page: Page) => {
  await page.hover(from);
  await page.mouse.down();
  await page.hover(to);
  await page.mouse.up();
};
/** Where nothing may be waited for, because the element is disabled or goes away. */
const force = (selector: string) => click(selector, { force: true });
const stops = (type: string) => `addEventListener('${type}', (event) => event.stopImmediatePropagation(), true);`;

const rows: Row[] = [
  {
    act: 'a click, a tap, or a second click',
    counted: 'one event each',
    tries: [
      { body: '<button data-track="liked">x</button>', does: click('button'), events: ['liked'] },
      { body: '<button data-track="liked">x</button>', does: (page) => page.tap('button'), events: ['liked'] },
      { body: '<p data-track="liked"><b>x</b></p>', does: (page) => page.dblclick('b'), events: ['liked', 'liked'] },
    ],
  },
  {
    act: 'a click inside several elements with `data-track`',
    counted: 'the innermost',
    tries: [
      {
        body: '<div data-track="outer"><p data-track="inner"><b>x</b></p></div>',
        does: click('b'),
        events: ['inner'],
      },
      {
        body: '<form data-track="outer" onsubmit="return false"><button data-track="inner">x</button></form>',
        does: click('button'),
        events: ['inner'],
      },
      {
        body: '<label data-track="outer">text <input type="checkbox" data-track="inner"></label>',
        does: click('input'),
        events: ['inner'],
      },
    ],
  },
  {
    act: 'a click on a label, which the browser repeats on its control',
    counted: "one event: the label's, else the control's",
    tries: [
      {
        body: '<label data-track="sized">Size <input type="radio"></label>',
        does: clickText('label'),
        events: ['sized'],
      },
      {
        body: '<div data-track="sized"><label for="s">Size</label> <p><input type="checkbox" id="s"></p></div>',
        does: click('label'),
        events: ['sized'],
      },
      {
        body: '<label data-track="outer">Size <input type="checkbox" data-track="inner"></label>',
        does: clickText('label'),
        events: ['outer'],
      },
      {
        body: '<label>Size <input type="checkbox" data-track="inner"></label>',
        does: clickText('label'),
        events: ['inner'],
      },
      {
        body: '<label data-track="pressed">Size <button type="button">x</button></label>',
        does: clickText('label'),
        events: ['pressed'],
      },
      {
        body: `<my-size data-track="sized"></my-size>`,
        script: `document.querySelector('my-size').attachShadow({ mode: 'closed' })
          .innerHTML = '<label>Size <input type="checkbox"></label>';`,
        does: clickText('my-size'),
        events: ['sized'],
      },
      {
        body: '<label data-track="sized">Size <input type="checkbox"></label>',
        does: async (page) => {
          await clickText('label')(page);
          await page.click('input');
          await press('input', 'Space')(page);
          await clickText('label')(page);
        },
        events: ['sized', 'sized', 'sized', 'sized'],
      },
      {
        body: '<label data-track="sized">Size <input type="checkbox"></label>',
        does: run('document.querySelector("label").click()'),
        events: ['sized'],
      },
    ],
  },
  {
    act: 'Enter or Space on a button; Enter on a link; Space on a checkbox; arrow keys on radio buttons; Enter in a form',
    counted: 'one event for each click that the browser makes of it',
    tries: [
      { body: '<button data-track="liked">x</button>', does: press('button', 'Enter'), events: ['liked'] },
      { body: '<button data-track="liked">x</button>', does: press('button', 'Space'), events: ['liked'] },
      { body: link, does: press('a', 'Control+Enter'), events: ['opened'] },
      {
        body: '<label data-track="sized">Size <input type="checkbox"></label>',
        does: press('input', 'Space'),
        events: ['sized'],
      },
      {
        body: `<label data-track="small"><input type="radio" name="r" checked></label>
          <label data-track="large"><input type="radio" name="r"></label>`,
        does: press('input', 'ArrowRight'),
        events: ['large'],
      },
      {
        body: '<form onsubmit="return false"><input type="text"><button data-track="searched">x</button></form>',
        does: press('input', 'Enter'),
        events: ['searched'],
      },
      { body: '<button data-track="liked">x</button>', does: press('button', 'a'), events: [] },
    ],
  },
  {
    act: 'Ctrl, Cmd, Shift or Alt and a click on a link',
    counted: 'one event',
    tries: (['Control', 'Shift', 'Alt', 'Meta'] as const).map((key) => ({
      // Cmd opens no tab on Linux.
      body: link.replace('/next', key === 'Meta' ? '#next' : '/next'),
      does: click('a', { modifiers: [key] }),
      events: ['opened'],
    })),
  },
  {
    act: 'a middle click on a link',
    counted: 'one event',
    tries: [
      { body: link, does: click('a', { button: 'middle' }), events: ['opened'] },
      {
        body: '<article data-track="opened"><a href="/next"><b>text</b></a></article>',
        does: click('b', { button: 'middle' }),
        events: ['opened'],
      },
      {
        body: `<a href="/next" data-track="opened" onauxclick="event.preventDefault()">text</a>`,
        does: click('a', { button: 'middle' }),
        events: ['opened'],
      },
    ],
  },
  {
    act: 'a middle click on something else; a right click',
    counted: 'nothing',
    tries: [
      {
        body: '<button data-track="liked">x</button>',
        does: click('button', { button: 'middle' }),
        events: [],
      },
      {
        body: '<article data-track="opened"><b>text</b><a href="/next">text</a></article>',
        does: click('b', { button: 'middle' }),
        events: [],
      },
      { body: link, does: click('a', { button: 'right' }), events: [] },
    ],
  },
  {
    act: 'a press that is released elsewhere',
    counted: 'nothing; inside one element with `data-track` it is a click there',
    tries: [
      {
        body: '<button data-track="liked">x</button> <p>elsewhere</p>',
        does: drag('button', 'p'),
        events: [],
      },
      {
        body: '<button data-track="liked">x</button> <button data-track="bought">y</button>',
        does: drag('button', 'button + button'),
        events: [],
      },
      { body: `${link} <p>elsewhere</p>`, does: drag('a', 'p'), events: [] },
      {
        body: '<div data-track="opened"><b>x</b><i>y</i></div>',
        does: drag('b', 'i'),
        events: ['opened'],
      },
    ],
  },
  {
    act: 'a click in an open shadow root, or on what is slotted into one',
    counted: 'as if there was no shadow root',
    tries: [
      {
        body: `<my-card></my-card>`,
        script: `document.querySelector('my-card').attachShadow({ mode: 'open' })
          .innerHTML = '<button data-track="liked"><i>x</i></button>';`,
        does: click('i'),
        events: ['liked'],
      },
      {
        body: `<my-card data-track="liked"></my-card>`,
        script: `document.querySelector('my-card').attachShadow({ mode: 'open' })
          .innerHTML = '<p><i>x</i></p>';`,
        does: click('i'),
        events: ['liked'],
      },
      {
        body: `<my-card><b>x</b></my-card>`,
        script: `document.querySelector('my-card').attachShadow({ mode: 'open' })
          .innerHTML = '<p data-track="liked"><slot></slot></p>';`,
        does: click('b'),
        events: ['liked'],
      },
    ],
  },
  {
    act: 'a click in a closed shadow root',
    counted: 'as a click on its host: nothing inside is to be seen',
    tries: [
      {
        body: `<my-card data-track="outer"></my-card>`,
        script: `document.querySelector('my-card').attachShadow({ mode: 'closed' })
          .innerHTML = '<button data-track="inner">x</button>';`,
        does: click('my-card'),
        events: ['outer'],
      },
      {
        body: `<my-card></my-card>`,
        script: `document.querySelector('my-card').attachShadow({ mode: 'closed' })
          .innerHTML = '<button data-track="inner">x</button>';`,
        does: click('my-card'),
        events: [],
      },
    ],
  },
  {
    act: 'a click in a drawing (SVG)',
    counted: 'as on HTML; what `<use>` shows is the `<use>`',
    tries: [
      {
        body: `<svg width="40" height="40"><symbol id="s" data-track="drawn"><rect width="40" height="40"/></symbol>
          <use href="#s" data-track="liked"/></svg>`,
        does: click('use'),
        events: ['liked'],
      },
      {
        body: '<svg width="40" height="40"><a href="/next" data-track="opened"><rect width="40" height="40"/></a></svg>',
        does: click('rect', { button: 'middle' }),
        events: ['opened'],
      },
      {
        body: '<button data-track="liked"><svg width="40" height="40"><circle cx="20" cy="20" r="20"/></svg></button>',
        does: click('circle'),
        events: ['liked'],
      },
    ],
  },
  {
    act: 'a click on a disabled control',
    counted: 'nothing',
    tries: [
      { body: '<button disabled data-track="liked">x</button>', does: force('button'), events: [] },
      { body: '<button disabled data-track="liked"><b>x</b></button>', does: force('b'), events: [] },
      {
        body: '<fieldset disabled><button data-track="liked">x</button></fieldset>',
        does: force('button'),
        events: [],
      },
      {
        body: '<button disabled data-track="liked">x</button>',
        does: run('document.querySelector("button").click()'),
        events: [],
      },
    ],
  },
  {
    act: 'a click that a handler stops or prevents, or whose handler removes the element',
    counted: 'one event',
    tries: [
      {
        body: `<button data-track="liked">x</button>`,
        script: `document.addEventListener('click', (event) => event.stopImmediatePropagation(), { capture: true, once: true });`,
        does: click('button'),
        events: ['liked'],
      },
      {
        body: '<a href="/next" data-track="opened" onclick="return false">text</a>',
        does: click('a'),
        events: ['opened'],
      },
      {
        body: '<p><button data-track="liked" onclick="this.remove()"><b onclick="this.remove()">x</b></button></p>',
        does: click('b'),
        events: ['liked'],
      },
      {
        body: `<button data-track="liked">x</button>`,
        script: `document.addEventListener('click', () => { document.body.textContent = ''; }, { capture: true, once: true });`,
        does: click('button'),
        events: ['liked'],
      },
    ],
  },
  {
    act: 'an element that a handler removes or replaces while the button is down',
    counted: 'nothing: the browser makes no click of it',
    tries: [
      {
        body: '<button data-track="liked" onpointerdown="this.remove()">x</button>',
        does: force('button'),
        events: [],
      },
      {
        body: '<button data-track="liked" onmousedown="this.replaceWith(this.cloneNode(true))">x</button>',
        does: force('button'),
        events: [],
      },
      {
        body: '<p><b data-track="liked" onmousedown="this.parentNode.textContent = \'gone\'">x</b></p>',
        does: force('b'),
        events: [],
      },
    ],
  },
  {
    act: 'a click that a listener stops on the window, in the capture phase, from ahead of the tracker',
    counted: 'nothing: nobody hears of it',
    tries: [
      {
        before: stops('click') + stops('auxclick'),
        body: '<button data-track="liked">x</button>',
        does: click('button'),
        events: [],
      },
      {
        body: '<button data-track="liked">x</button>',
        does: press('button', 'Enter'),
        events: [],
      },
      { body: link, does: click('a', { button: 'middle' }), events: [] },
    ],
  },
  {
    act: '`click()` or `dispatchEvent` by the page',
    counted: 'one event each; none when a handler of a counted click makes it',
    tries: [
      {
        body: '<i data-track="a">x</i><i data-track="b">y</i><i data-track="a">z</i>',
        does: run('for (const each of document.querySelectorAll("i")) each.click()'),
        events: ['a', 'b', 'a'],
      },
      {
        body: '<p data-track="liked"><i>x</i></p>',
        does: run(`for (const type of [Event, MouseEvent, PointerEvent])
          document.querySelector('i').dispatchEvent(new type('click', { bubbles: true }))`),
        events: ['liked', 'liked', 'liked'],
      },
      {
        body: `<div data-track="opened" onclick="event.target.id || card.click()">
          <b>x</b> <a id="card" href="#next" data-track="followed">y</a></div>`,
        does: click('b'),
        events: ['opened'],
      },
      {
        body: '<button onclick="file.click()">x</button><input type="button" id="file" data-track="chosen">',
        does: click('button'),
        events: ['chosen'],
      },
    ],
  },
];

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

test('the README has the table of acts, and each row is a test here', () => {
  const [, table = ''] = /\n\| act \| what is counted \|\n\| --- \| --- \|\n((?:\|.*\|\n)+)/.exec(readme) ?? [];
  expect(table.trim().split('\n')).toEqual(rows.map(({ act, counted }) => `| ${act} | ${counted} |`));
});

browserDescribe('acts', ({ launch }) => {
  const shop = openShop({ launch, context: { hasTouch: true } });

  test.each(rows.map(({ act, counted, tries }) => [`${act}: ${counted}`, tries] as const))('%s', async (_, tries) => {
    const page = await shop.visit({ before: tries[0]!.before ?? '' });
    for (const { body, script = '', does } of tries) {
      await page.evaluate((html) => {
        document.body.innerHTML = html;
      }, body);
      await page.evaluate(script);
      await does(page);
      // After all clicks that the browser makes of it.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      await page.evaluate(() => window.millrace!.track('ended'));
    }
    await page.evaluate(() => window.millrace!.flush());
    const counted = () => shop.collector.kept().map(({ event }) => event);
    await eventually('the end', () => counted().filter((event) => event === 'ended').length === tries.length);
    expect(counted()).toEqual(tries.flatMap(({ events }) => [...events, 'ended']));
  });
});
