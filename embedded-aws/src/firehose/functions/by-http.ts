import { type FunctionLimits, type LambdaFunction, tooLarge } from './lambda-function.js';

/** A function that takes the event by POST, as Lambda's runtime interface emulator does. */
export function byHttp(url: string, { timeoutMs, answerBytes }: FunctionLimits): LambdaFunction {
  return async (event, signal) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
    if (response.headers.get('x-amz-function-error')) throw new Error(text.slice(0, 200));
    if (text.length > answerBytes) throw new Error(tooLarge(answerBytes));
    return JSON.parse(text) as unknown;
  };
}
