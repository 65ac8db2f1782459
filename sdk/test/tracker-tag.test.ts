import { describe, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import { built } from './browser/built.js';
import { openShop } from './browser/shop.js';

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

// One browser for all: each test has a context of its own.
browserDescribe('the script tag', ({ launch }) => {
  const shop = openShop({ launch });

  describe('the stub', () => {
    const stub = built('millrace.stub.js');
    const counted = () => shop.collector.kept().map(({ event }) => event);

    test.each([
      ['a script that is blocked', '<script src="http://127.0.0.1:1/millrace.js" data-key="demo"></script>'],
      ['no script', ''],
      ['a script that fails', '<script>throw 1</script>'],
    ])('%s: no call throws, and flush() settles', async (_, tag) => {
      shop.site.pages['/'] = `<!doctype html><title>Shop</title><script>${stub}</script>${tag}<body>`;
      const page = await shop.context.newPage();
      await page.goto(`${shop.site.origin}/`);
      const settled = await page.evaluate(async () => {
        const { millrace } = window as unknown as { millrace: NonNullable<Window['millrace']> };
        millrace.identify('u1');
        millrace.track('liked_item');
        millrace.page({ page: 'cart' });
        millrace.consent('granted');
        millrace.reset();
        millrace.use(() => {});
        millrace.stop();
        return millrace.flush().then((value) => `settled ${value}`);
      });
      expect(settled).toBe('settled undefined');
      shop.thrown.length = 0;
    });

    test('flush() settles when the tracker has come and has sent what was kept', async () => {
      await shop.visit({
        before: `${stub}
        millrace.track('liked_item');
        millrace.flush().then(() => document.title = 'flushed');`,
      });
      await eventually('flushed', () =>
        shop.context
          .pages()[0]!
          .title()
          .then((title) => title === 'flushed'),
      );
      expect(counted()).toEqual(['liked_item']);
    });

    test('it keeps 1,000 calls; how many more there were is counted, and told', async () => {
      const page = await shop.visit({
        before: `${stub}
        var dropped = [];
        millrace.use((context) => context.on('dropped', (drop) => dropped.push(drop)));
        for (let n = 0; n < 20_000; n++) millrace.track('liked_item', { properties: { n } });
        var kept = millrace.q.length;`,
        after: `millrace.track('ended')`,
      });
      await page.evaluate(() => window.millrace!.flush());
      await eventually('the end', () => counted().includes('ended'));
      expect(await page.evaluate('kept')).toBe(1000);
      const first = shop.collector.kept().map(({ properties }) => properties?.n);
      expect(first.slice(0, 999)).toEqual([...Array(999).keys()]);
      expect(await page.evaluate('dropped')).toEqual([{ reason: 'early', number: 19_001 }]);
      expect(shop.collector.kept().find(({ event }) => event === 'ended')!.properties).toEqual({
        tracker_dropped: { early: 19_001 },
      });
    });

    test('a method that the page has taken from it works when the tracker has come', async () => {
      const page = await shop.visit({
        before: `${stub}
        var { track, flush, page: view } = millrace;
        track('liked_item');`,
        after: `track('clicked_review'); view({ page: 'cart' });`,
      });
      await page.evaluate('flush()');
      await eventually('three', () => counted().length === 3);
      expect(counted()).toEqual(['liked_item', 'clicked_review', 'page_view']);
    });

    const clobbered = [
      '<div id="millrace"></div>',
      '<form name="millrace"><input name="q"><input name="version"><input name="use"><input name="track"></form>',
      '<iframe name="millrace"></iframe>',
      '<iframe name="millrace" src="http://localhost:1/"></iframe>',
      '<img name="millrace"><form id="millrace"></form>',
    ];
    const tracks = `millrace.track('liked_item'); millrace.flush();`;
    const plugin = `<script src="SCRIPTS/millrace-debug.js"></script>`;

    test.each(clobbered)('%s hides neither the tracker, nor the stub, nor a plugin', async (markup) => {
      for (const [before, head] of [
        ['', ''],
        [stub + tracks, ''],
        ['', plugin.replace('SCRIPTS', shop.collector.origin)],
      ] as const) {
        const first = counted().length;
        shop.console.length = 0;
        const page = await shop.visit({ head: markup + head, before, after: tracks });
        await eventually('the events', () => counted().length === first + (before ? 2 : 1));
        expect(await page.evaluate(() => window.millrace!.version)).toEqual(expect.any(String));
        expect(shop.console.includes('millrace: debug mode')).toBe(head !== '');
        await page.close();
      }
    });
  });

  describe('a setting that cannot work', () => {
    const told: [attributes: string, text: string][] = [
      ['data-sample="50%"', 'sample must be a number from 0 to 1, such as 0.1: all visitors are tracked'],
      ['data-sample="0,5"', 'sample must be a number from 0 to 1, such as 0.1: all visitors are tracked'],
      ['data-sample=""', 'sample must be a number from 0 to 1, such as 0.1: all visitors are tracked'],
      ['data-sample="10"', 'sample must be a number from 0 to 1, such as 0.1: all visitors are tracked'],
      ['data-consent="yes"', 'consent must be pending, granted or denied'],
      ['data-consent', 'consent must be pending, granted or denied'],
      ['data-consent="Granted"', 'consent must be pending, granted or denied'],
      ['data-mask=""', 'mask must name address parameters, such as email: nothing is masked'],
      ['data-mask=" , "', 'mask must name address parameters, such as email: nothing is masked'],
      ...['example.com', 'com', '0.0.1'].map((domain): [string, string] => [
        `data-cookie="${domain}"`,
        `the browser refuses the cookie of ${domain}: cookie must be this host or a domain above it, and no public suffix`,
      ]),
      ['data-plugins="nothing"', 'cannot load millrace-nothing.js'],
    ];

    test.each(told)('%s is told in the console, in one line: %s', async (attributes, text) => {
      await shop.visit({ attributes });
      await eventually('the line', () => shop.console.length > 0);
      expect(shop.console).toEqual([`millrace: ${text}`]);
    });

    test('data-quiet: none of these is told', async () => {
      for (const [attributes] of told.filter((_, row) => row % 3 === 0)) {
        const page = await shop.visit({ attributes: `${attributes} data-quiet` });
        await page.waitForFunction(() => window.millrace?.version);
        await page.evaluate(() => window.millrace!.flush());
      }
      expect(shop.console).toEqual([]);
    });

    test('a tag without a key is told, tracks nothing, and its calls do nothing', async () => {
      for (const key of ['', '" data-nothing="', '"data-endpoint="/v1/events']) {
        shop.console.length = 0;
        const page = await shop.visit({ key, attributes: '' });
        await page.evaluate(() => window.millrace!.track('liked_item'));
        await page.evaluate(() => window.millrace!.flush());
        expect(shop.console).toEqual(['millrace: nothing is tracked without data-key']);
      }
      expect(shop.collector.hits).toEqual([]);
    });

    test('a sample that is no number tracks all visitors, and a sample of 0 none', async () => {
      for (const sample of ['50%', '0']) {
        const page = await shop.visit({ attributes: `data-sample="${sample}"` });
        await page.waitForFunction(() => window.millrace?.version);
        await page.evaluate(() => window.millrace!.flush());
      }
      await eventually('a view', () => shop.collector.kept().length === 1);
    });

    test('an inlined script without an endpoint is told, and sends with one', async () => {
      const inline = (attributes: string) =>
        `<!doctype html><title>Shop</title><script data-key="demo" ${attributes}>${built('millrace.js').replace(/<\/script/g, '<\\/script')}</script><body>`;
      shop.site.pages['/'] = inline('');
      shop.site.pages['/with'] = inline(`data-endpoint="${shop.collector.origin}/v1/events"`);
      const page = await shop.context.newPage();
      await page.goto(`${shop.site.origin}/`);
      await page.evaluate(() => window.millrace!.track('liked_item'));
      expect(shop.console).toEqual(['millrace: nothing is tracked without data-endpoint']);
      await page.goto(`${shop.site.origin}/with`);
      await eventually('a view', () => shop.collector.kept().length === 1);
      expect(shop.console).toHaveLength(1);
    });
  });

  describe('what the server says', () => {
    const wrong = 'the write key "demo" is unknown to this server: correct data-key';
    const undeclared = ['the page "x" is not in the catalogue', 'the event "y" is not in the catalogue'];
    const answers: [what: string, status: number, more: object, texts: string[]][] = [
      ['a wrong key', 401, { error: { code: 'wrong_key', message: wrong } }, [wrong]],
      [
        'an origin that may not',
        403,
        { error: { code: 'forbidden_origin', message: 'not from here' } },
        ['not from here'],
      ],
      ['names that are not declared', 200, { warnings: undeclared.map((message) => ({ message })) }, undeclared],
      ['nothing', 200, {}, []],
      ['an error without a message', 400, { error: { code: 'unknown' } }, []],
    ];

    test.each(answers)('%s (%i) is told in the console, each text once a page', async (_, status, more, texts) => {
      shop.collector.reply = ({ params, events }) => ({
        status,
        body: JSON.stringify({
          time: Date.now(),
          batch: params.get('batch'),
          ...(status < 400 ? { accepted: events.length, duplicates: 0, rejected: [] } : {}),
          ...more,
        }),
      });
      for (const quiet of ['', 'data-quiet']) {
        shop.console.length = 0;
        const page = await shop.visit({ attributes: `data-auto="off" ${quiet}` });
        for (const round of [1, 2]) {
          const hits = shop.collector.hits.length;
          await page.evaluate((n) => window.millrace!.track('liked_item', { properties: { n } }), round);
          await page.evaluate(() => window.millrace!.flush());
          await eventually('the answer', () => shop.collector.hits.length > hits);
        }
        await page.evaluate(() => window.millrace!.flush());
        expect(shop.console).toEqual(quiet ? [] : texts.map((text) => `millrace: ${text}`));
        await page.close();
      }
    });

    test('what somebody on the way says is not told as the server’s word', async () => {
      shop.collector.reply = () => ({
        status: 403,
        somebody: true,
        body: '{"error":{"code":"blocked","message":"pay for the Wi-Fi"}}',
      });
      const page = await shop.visit({});
      await page.evaluate(() => window.millrace!.track('liked_item'));
      await page.evaluate(() => window.millrace!.flush());
      await eventually('the answer', () => shop.collector.hits.length === 1);
      await page.evaluate(() => window.millrace!.flush());
      expect(shop.console).toEqual([]);
    });

    test('a module tells the same, unless it shall be quiet', async () => {
      for (const quiet of [false, true]) {
        shop.console.length = 0;
        const page = await shop.context.newPage();
        shop.site.pages['/module'] = '<!doctype html><title>Module</title><body>';
        await page.goto(`${shop.site.origin}/module`);
        await page.evaluate(
          async ([source, endpoint, isQuiet]) => {
            const url = URL.createObjectURL(new Blob([source as string], { type: 'text/javascript' }));
            const { createTracker, allModules } = await import(url);
            const settings = { consent: 'yes', sample: Number.NaN, mask: [], cookie: 'com' };
            const tracker = createTracker({ key: 'demo', endpoint, quiet: isQuiet }, allModules(settings));
            tracker.consent('granted');
            tracker.track('liked_item');
          },
          [built('millrace.esm.js'), `${shop.collector.origin}/v1/events`, quiet] as const,
        );
        await eventually('the lines', () => shop.console.length === (quiet ? 0 : 4));
        expect(shop.console.map((line) => line.split(' ')[1]).sort()).toEqual(
          quiet ? [] : ['consent', 'mask', 'sample', 'the'],
        );
        await page.close();
      }
    });
  });

  describe('data-plugins', () => {
    const { version } = JSON.parse(built('millrace.json'));

    test.each([
      ['millrace.js', 'vitals,debug', ['millrace-vitals.js', 'millrace-debug.js']],
      [`millrace-${version}.js`, ' debug , vitals ', [`millrace-debug-${version}.js`, `millrace-vitals-${version}.js`]],
      ['millrace.js?v=1-2.5.0', 'debug', ['millrace-debug.js']],
      [`millrace-full-${version}.js`, 'debug', [`millrace-debug-${version}.js`]],
      ['millrace.js', 'debug" data-sample="1', ['millrace-full.js', 'millrace-debug.js']],
      [
        `millrace-${version}.js`,
        'debug" data-sample="1',
        [`millrace-full-${version}.js`, `millrace-debug-${version}.js`],
      ],
    ])('%s with data-plugins="%s" loads them from beside it, once', async (script, plugins, files) => {
      const asked: string[] = [];
      shop.context.on('request', (request) => asked.push(request.url()));
      const page = await shop.visit({ script, attributes: `data-plugins="${plugins}"` });
      await eventually('debug', () => shop.console.includes('millrace: debug mode'));
      await page.evaluate(() => window.millrace!.track('liked_item'));
      await eventually('its line', () =>
        shop.console.some((line) => line.includes('liked_item on home_page is stored')),
      );
      expect(shop.console.filter((line) => line.endsWith('debug mode'))).toHaveLength(1);
      const scripts = asked.filter((url) => url.startsWith(shop.collector.origin) && url.includes('.js'));
      expect(scripts.slice(1).sort()).toEqual(files.map((name) => `${shop.collector.origin}/${name}`).sort());
    });

    test('a plugin that has a tag, too, is added once', async () => {
      await shop.visit({
        attributes: 'data-plugins="debug,debug"',
        head: `<script src="${shop.collector.origin}/millrace-debug.js"></script>`,
      });
      await shop.context.pages()[0]!.waitForLoadState('networkidle');
      expect(shop.console.filter((line) => line.endsWith('debug mode'))).toHaveLength(1);
    });
  });

  describe('millrace-full.js', () => {
    const noLocks = 'Object.defineProperty(Navigator.prototype, "locks", { value: undefined });';
    const policy = (sources: string) =>
      `<meta http-equiv="content-security-policy" content="script-src 'unsafe-inline' ${sources}">`;
    const calls = `millrace.identify('u1'); millrace.track('liked_item', { item_id: 1 });
    addEventListener('load', () => millrace.track('last_one'));`;

    test('a page without Web Locks loads it; one with them does not', async () => {
      for (const before of [noLocks, '', 'Object.defineProperty(navigator, "locks", { get: () => null });']) {
        const asked: string[] = [];
        const page = await shop.context.newPage();
        page.on('request', (request) => asked.push(request.url()));
        shop.site.pages['/'] = shop.html({ before, after: calls });
        await page.goto(shop.site.origin);
        await page.waitForFunction(() => window.millrace?.version);
        expect(asked.includes(`${shop.collector.origin}/millrace-full.js`)).toBe(before !== '');
      }
    });

    test.each<[what: string, before: string, attributes: string, head: (script: string) => string]>([
      ['a policy, in a page without Web Locks', noLocks, '', policy],
      ['a policy, in a page with data-sample', '', 'data-sample="1"', policy],
      [
        'the network, in a page that changed built-ins',
        'const { map } = []; Array.prototype.map = function (...given) { return map.apply(this, given); };',
        '',
        () => '',
      ],
      ['the network, in a page without Web Locks that wants quiet', noLocks, 'data-quiet', () => ''],
    ])(
      'where %s refuses it, all is tracked by the first script, and said once',
      async (_, before, attributes, head) => {
        await shop.context.route('**/millrace-full.js', (route) => route.abort());
        await shop.visit({
          before,
          attributes: `data-auto="off" ${attributes}`,
          head: head(`${shop.collector.origin}/millrace.js`),
          after: calls,
        });
        await eventually('both events', () => shop.collector.kept().length === 2);
        expect(shop.collector.kept().map(({ event, user_id }) => [event, user_id])).toEqual([
          ['liked_item', 'u1'],
          ['last_one', 'u1'],
        ]);
        expect(shop.console).toEqual(attributes === 'data-quiet' ? [] : ['millrace: cannot load millrace-full.js']);
      },
    );

    test('where it is refused, and an address is to be masked, nothing is stored or sent', async () => {
      await shop.context.route('**/millrace-full.js', (route) => route.abort());
      const page = await shop.visit({ attributes: 'data-mask="email"', after: calls });
      await eventually('it to be told', () => shop.console.includes('millrace: cannot load millrace-full.js'));
      const stored = () =>
        Object.keys({ ...localStorage, ...sessionStorage }).filter((name) => name.startsWith('millrace'));
      expect(await page.evaluate(stored)).toEqual([]);
      expect(shop.collector.hits.filter(({ path }) => path === '/v1/events')).toEqual([]);
    });

    test.each(['data-sample="1"', 'data-mask="email"', 'data-cookie="127.0.0.1"'])(
      'a page that calls the tracker behind its tag with %s, while millrace-full.js loads, loses no call',
      async (attribute) => {
        await shop.visit({
          attributes: `data-auto="off" data-quiet ${attribute}`,
          after: `millrace.identify('u1'); millrace.track('liked_item', { item_id: 1 }); millrace.page({ page: 'books' });
          millrace.flush().then(() => millrace.track('last_one'));`,
        });
        await eventually('three events', () => shop.collector.kept().length === 3);
        expect(shop.collector.kept().map(({ event, user_id }) => [event, user_id])).toEqual(
          ['liked_item', 'page_view', 'last_one'].map((event) => [event, 'u1']),
        );
      },
    );
  });
});
