import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@millrace/testing/eventually';
import { startDisplay } from './display.js';
import type { Engine, SessionOptions } from './engine.js';
import { findProgram, startGroup } from './process-group.js';
import { webDriverSession } from './webdriver.js';
import { httpSession } from './webdriver-http.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What differs between the ports of WebKit. */
interface Port {
  name: string;
  packages: string;
  driver: string;
  browser: string[];
  /** Arguments of a browser that nobody drives. */
  args: string[];
  capability: string;
  needsDisplay: boolean;
  can: Engine['can'];
}

/** Starts a program, with a display of its own where it needs one. */
async function run(program: string, args: string[], env: Record<string, string>, needsDisplay: boolean) {
  const display = needsDisplay ? await startDisplay() : undefined;
  const drawing = { LIBGL_ALWAYS_SOFTWARE: '1', WEBKIT_DISABLE_COMPOSITING_MODE: '1' };
  const { child, kill } = startGroup(program, args, {
    ...drawing,
    ...(display && { DISPLAY: display.DISPLAY }),
    ...env,
  });
  return {
    child,
    async kill() {
      await kill();
      await display?.kill();
    },
  };
}

function webkit({ name, packages, driver, browser, args, capability, needsDisplay, can }: Port): Engine {
  const find = () => findProgram(...browser);

  return {
    name,
    packages,
    can,
    isThere: () => Boolean(findProgram(driver) && find() && (!needsDisplay || findProgram('Xvfb'))),

    async start({ without }: SessionOptions = {}) {
      const port = await freePort();
      const home = mkdtempSync(join(tmpdir(), 'millrace-webkit-'));
      const group = await run(findProgram(driver)!, [`--port=${port}`], { HOME: home }, needsDisplay);
      const root = `http://127.0.0.1:${port}`;
      const isUp = () =>
        fetch(`${root}/status`).then(
          ({ ok }) => ok,
          () => false,
        );
      await eventually(`${driver} to listen`, isUp);
      const more = without === 'localStorage' ? ['--enable-html5-local-storage=false'] : [];
      const options = { binary: find(), args: ['--automation', ...args, ...more] };
      const send = await httpSession(root, { [capability]: options });
      return webDriverSession(send, async () => {
        await send('DeleteSession').catch(() => {});
        await group.kill();
        rmSync(home, { recursive: true, force: true, maxRetries: 5 });
      });
    },

    async open(url, profile) {
      const own = { XDG_DATA_HOME: 'data', XDG_CACHE_HOME: 'cache', XDG_CONFIG_HOME: 'config' };
      const folders = Object.entries(own).map(([variable, folder]) => [variable, join(profile, folder)]);
      return run(find()!, [...args, url], Object.fromEntries(folders), needsDisplay);
    },
  };
}

const libraries = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/libexec'];

/** WebKitGTK, which is as new as Safari. */
export const webkitGtk: Engine = webkit({
  name: 'WebKitGTK',
  packages: 'webkit2gtk-driver xvfb',
  driver: 'WebKitWebDriver',
  browser: libraries.flatMap((folder) => [
    `${folder}/webkit2gtk-4.1/MiniBrowser`,
    `${folder}/webkit2gtk-4.0/MiniBrowser`,
  ]),
  args: [],
  capability: 'webkitgtk:browserOptions',
  needsDisplay: true,
  can: new Set(['has the back/forward cache', 'blocks localStorage alone', 'closes tabs']),
});

/** WPE, an older WebKit. */
export const wpe: Engine = webkit({
  name: 'WPE',
  packages: 'wpewebkit-driver cog',
  driver: 'WPEWebDriver',
  browser: ['cog'],
  args: ['--platform=headless'],
  capability: 'wpe:browserOptions',
  needsDisplay: false,
  can: new Set(['has the back/forward cache']),
});
