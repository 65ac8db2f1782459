import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskFolder } from '@millrace/testing/disk-folder';
import { startKillableBrowser } from '@millrace/testing/find-browser';
import type { Page } from 'playwright-core';
import { onTheWay } from './on-the-way.js';
import type { Storefront, Weather } from './storefront.js';

export interface Tracked {
  n: number;
  at: number;
}

export interface Visitor {
  /** Does one thing that visitors and their networks do, by chance. */
  act(): Promise<string>;
  /** Everything is well again: waits until what was left behind has had time to leave. */
  calm(done: () => Promise<boolean>): Promise<void>;
  /** What was tracked, with its time. */
  tracked: Tracked[];
  /** Events that were tracked in the last moments before a kill of the browser, which may be lost: `n`. */
  excused: Set<number>;
  end(): Promise<void>;
}

/** An event that is older than this outlives a SIGKILL of the browser. */
const killMs = 100;
const maxTabs = 8;

/** In a page: the site gets its service worker, or loses it. */
async function toggleWorker(isOn: boolean): Promise<void> {
  const { serviceWorker } = navigator;
  if (isOn) await serviceWorker.register('/worker.js').catch(() => {});
  else for (const registration of await serviceWorker.getRegistrations()) await registration.unregister();
}

/** One visitor with one browser, who is as unlucky as `random` has it. */
export async function startVisitor(front: Storefront, random: () => number): Promise<Visitor> {
  const profile = mkdtempSync(join(diskFolder(), 'millrace-profile-'));
  let { browser, context, kill, close } = await startKillableBrowser(profile);
  let tabs: Page[] = [];
  const tracked: Tracked[] = [];
  const excused = new Set<number>();
  let next = 0;
  let paths = 0;
  let killedAt = 0;
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(of: readonly T[]) => of[below(of.length)]!;

  async function ready(tab: Page): Promise<void> {
    await tab.waitForFunction(() => (window as unknown as { millrace?: { version?: string } }).millrace?.version);
  }
  async function open(): Promise<Page> {
    const tab = await context!.newPage();
    await tab.goto(`${front.origin}/p${paths++}`);
    await ready(tab);
    tabs.push(tab);
    return tab;
  }

  /** Tracks in one task, and goes elsewhere in the same one when `leave` says where. */
  async function track(tab: Page, count: number, leave?: string): Promise<void> {
    const from = next;
    next += count;
    const at = await tab.evaluate(
      ([first, many, away]) => {
        const { millrace } = window as unknown as { millrace: { track(name: string, fields: object): void } };
        for (let n = first; n < first + many; n++) millrace.track('liked_item', { properties: { n } });
        if (away) location.href = away;
        return Date.now();
      },
      [from, count, leave] as const,
    );
    for (let n = from; n < from + count; n++) tracked.push({ n, at });
    if (leave) {
      await tab.waitForURL(`**${leave}`);
      await ready(tab);
    }
  }

  async function restart(): Promise<void> {
    ({ browser, context, kill, close } = await startKillableBrowser(profile));
    tabs = [];
    await open();
  }

  const acts: Record<string, () => Promise<unknown>> = {
    track: async () => track(one(tabs), 1 + below(20)),
    burst: async () => track(one(tabs), 50 + below(250)),
    'track and leave': async () => track(one(tabs), 1 + below(60), `/p${paths++}`),
    leave: async () => {
      const tab = one(tabs);
      await tab.goto(`${front.origin}/p${paths++}`);
      await ready(tab);
    },
    open: async () => tabs.length < maxTabs && open(),
    close: async () => {
      const tab = one(tabs);
      await track(tab, 1 + below(10));
      tabs = tabs.filter((other) => other !== tab);
      await tab.close();
      if (tabs.length === 0) await open();
    },
    'crash of the page': async () => {
      const tab = one(tabs);
      await track(tab, 1 + below(10));
      tabs = tabs.filter((other) => other !== tab);
      const session = await context!.newCDPSession(tab);
      session.send('Page.crash').catch(() => {});
      await sleep(100);
      await tab.close().catch(() => {});
      if (tabs.length === 0) await open();
    },
    'SIGKILL of the browser': async () => {
      await track(one(tabs), 1 + below(30));
      await sleep(below(300));
      killedAt = Date.now();
      await kill();
      // A little more than the promise, for the time that the signal takes.
      for (const { n, at } of tracked) if (killedAt - at < killMs) excused.add(n);
      await restart();
    },
    'full storage': async () => {
      const tab = one(tabs);
      await tab.evaluate(() => {
        try {
          for (let size = 1 << 20; size >= 1; size >>= 1) {
            try {
              for (let n = 0; n < 100; n++) localStorage.setItem(`host${size}-${n}`, 'x'.repeat(size));
            } catch {}
          }
        } catch {}
      });
      await track(tab, 1 + below(40));
      await sleep(50);
      await tab.evaluate(() => {
        for (const key of Object.keys(localStorage)) if (key.startsWith('host')) localStorage.removeItem(key);
      });
    },
    offline: async () => {
      await context!.setOffline(true);
      await track(one(tabs), 1 + below(40));
      await sleep(below(500));
      await context!.setOffline(false);
    },
    'service worker': async () => one(tabs).evaluate(toggleWorker, random() < 0.5),
    weather: async () => {
      front.weather = one<Weather>(['ok', 'ok', 'ok', 'ok', '503', 'reset', 'hang', 'lost answer', ...onTheWay]);
    },
  };
  /** How often each comes. */
  const often = {
    track: 8,
    burst: 2,
    'track and leave': 6,
    leave: 3,
    open: 2,
    close: 2,
    weather: 6,
    offline: 1,
    'service worker': 2,
  } as Record<string, number>;
  const lot = Object.keys(acts).flatMap((name) => Array<string>(often[name] ?? 1).fill(name));

  await open();
  return {
    tracked,
    excused,
    async act() {
      const name = one(lot);
      await acts[name]!();
      await sleep(below(150));
      return name;
    },
    async calm(done) {
      front.weather = 'ok';
      const until = Date.now() + 240_000;
      const tab = tabs[0]!;
      await tab.evaluate(toggleWorker, false);
      while (!(await done()) && Date.now() < until) {
        await tab.evaluate(() => {
          // A long outage has its long pause; a person would come back later, the test clears it.
          for (const key of Object.keys(localStorage)) if (/^millrace\..*\.w$/.test(key)) localStorage.removeItem(key);
          return (window as unknown as { millrace: { flush(): Promise<void> } }).millrace.flush();
        });
        await sleep(500);
      }
    },
    async end() {
      await close().catch(() => {});
      void browser;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
