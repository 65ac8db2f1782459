import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { EnvironmentData, EnvironmentSays } from './environment-protocol.js';
import { tooLarge } from './lambda-function.js';

/** A worker thread with one function; `environment.ts` starts it. */
const { name: functionName, module, answerBytes } = workerData as EnvironmentData;
type Handler = (event: unknown, context: object) => unknown;

const say = (said: EnvironmentSays) => parentPort!.postMessage(said);

async function handlerOf(): Promise<Handler> {
  const loaded = (await import(module)) as { handler?: unknown; default?: unknown };
  const found = [loaded.handler, (loaded.default as { handler?: unknown } | undefined)?.handler, loaded.default].find(
    (one) => typeof one === 'function',
  );
  if (!found)
    throw new Error(
      `${fileURLToPath(module)}, which stands in for the Lambda function ${functionName}, exports no function called handler`,
    );
  return found as Handler;
}

function failure(error: unknown): EnvironmentSays {
  const { name = 'Error', message = String(error) } = (error ?? {}) as Partial<Error>;
  return { error: { name: String(name), message: String(message) } };
}

async function answerOf(handler: Handler, event: unknown): Promise<EnvironmentSays> {
  try {
    const answer = JSON.stringify((await handler(event, { functionName })) ?? null);
    return answer.length > answerBytes ? failure(new Error(tooLarge(answerBytes))) : { answer };
  } catch (error) {
    return failure(error);
  }
}

try {
  const handler = await handlerOf();
  parentPort!.on('message', async (event: string) => say(await answerOf(handler, JSON.parse(event))));
  say({ answer: '' });
} catch (error) {
  say(failure(error));
}
