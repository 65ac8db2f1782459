import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Calls a function as Lambda would, with a JSON value, and gives its answer. @throws whatever the function throws */
export type LambdaFunction = (event: object, signal: AbortSignal) => Promise<unknown>;

/**
 * What stands in for Lambda functions, by their names: a JavaScript module, or the URL of something that takes the
 * event by POST.
 */
export type FunctionSources = Readonly<Record<string, string>>;

/** `transform` of `arn:aws:lambda:us-east-1:000000000000:function:transform:$LATEST` */
const functionName = (arn: string): string => /:function:([^:]+)/.exec(arn)?.[1] ?? arn;

/** Lambda's own limit for Firehose. */
const timeoutMs = 5 * 60_000;
const maxAnswerBytes = 6 * 1024 * 1024;

/** A function that is missing, or a module that cannot be its stand-in; the message says what to do. */
export class FunctionError extends Error {}

/** @throws FunctionError */
export async function findFunction(arn: string, sources: FunctionSources): Promise<LambdaFunction> {
  const name = functionName(arn);
  const source = Object.hasOwn(sources, name) ? sources[name]! : undefined;
  if (source === undefined)
    throw new FunctionError(
      `nothing stands in for the Lambda function ${name}: start with --lambda ${name}=FILE or --lambda ${name}=URL`,
    );
  return /^https?:\/\//.test(source) ? byHttp(source) : await fromModule(name, source);
}

async function fromModule(name: string, path: string): Promise<LambdaFunction> {
  const module = (await import(pathToFileURL(resolve(path)).href).catch((error: Error) => {
    throw new FunctionError(error.message, { cause: error });
  })) as { handler?: unknown; default?: unknown };
  const handler = [module.handler, (module.default as { handler?: unknown } | undefined)?.handler, module.default].find(
    (one) => typeof one === 'function',
  ) as ((event: object, context: object) => unknown) | undefined;
  if (!handler)
    throw new FunctionError(
      `${path}, which stands in for the Lambda function ${name}, exports no function called handler`,
    );
  return async (event, signal) => {
    signal.throwIfAborted();
    // A copy, as over the wire, so that the function cannot change the records here.
    return handler(structuredClone(event), { functionName: name });
  };
}

function byHttp(url: string): LambdaFunction {
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
    if (text.length > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`);
    return JSON.parse(text) as unknown;
  };
}
