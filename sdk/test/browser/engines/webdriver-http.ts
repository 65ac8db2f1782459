import type { Command, Send } from './webdriver.js';

const routes: Record<Command, (id?: unknown) => [method: string, path: string]> = {
  DeleteSession: () => ['DELETE', ''],
  Navigate: () => ['POST', '/url'],
  Back: () => ['POST', '/back'],
  ExecuteAsyncScript: () => ['POST', '/execute/async'],
  FindElement: () => ['POST', '/element'],
  ElementClick: (id) => ['POST', `/element/${id}/click`],
  GetWindowHandle: () => ['GET', '/window'],
  NewWindow: () => ['POST', '/window/new'],
  SwitchToWindow: () => ['POST', '/window'],
  CloseWindow: () => ['DELETE', '/window'],
};

async function ask(url: string, method: string, body?: unknown): Promise<unknown> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(url, { ...init, headers: { 'content-type': 'application/json' } });
  const { value } = (await response.json()) as { value: { error?: string; message?: string } };
  if (!response.ok) throw new Error(`WebDriver: ${method} ${url}: ${value.error}: ${value.message}`);
  return value;
}

/** Asks the driver at `root` for a session, and returns what sends it commands. */
export async function httpSession(root: string, capabilities: Record<string, unknown>): Promise<Send> {
  const created = await ask(`${root}/session`, 'POST', { capabilities: { alwaysMatch: capabilities } });
  const session = `${root}/session/${(created as { sessionId: string }).sessionId}`;
  return (command, parameters = {}) => {
    const [method, path] = routes[command](parameters.id);
    return ask(session + path, method, method === 'POST' ? parameters : undefined);
  };
}
