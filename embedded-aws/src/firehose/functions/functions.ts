import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { byHttp } from './by-http.js';
import { type Environment, startEnvironment } from './environment.js';
import { defaultLimits, FunctionError, type FunctionLimits, type LambdaFunction } from './lambda-function.js';

/**
 * What stands in for Lambda functions, by their names: a JavaScript module, or the URL of something that takes the
 * event by POST.
 */
export type FunctionSources = Readonly<Record<string, string>>;

/** Lambda's functions, as far as something stands in for them. */
export interface Functions {
  /**
   * The function of an ARN.
   * @throws FunctionError when nothing stands in for it, or its module has no handler
   */
  find(arn: string): Promise<LambdaFunction>;
  /** Ends all threads at once; what runs rejects. */
  close(): Promise<void>;
}

/** `transform` of `arn:aws:lambda:us-east-1:000000000000:function:transform:$LATEST` */
const functionName = (arn: string): string => /:function:([^:]+)/.exec(arn)?.[1] ?? arn;

/** Starts nothing yet. */
export function createFunctions(sources: FunctionSources, given: Partial<FunctionLimits> = {}): Functions {
  const limits = { ...defaultLimits, ...given };
  /** By name. Each takes one invocation at a time, as on Lambda, so there are as many as there were at once. */
  const idle = new Map<string, Environment[]>();
  const all = new Set<Promise<Environment>>();
  let closed = false;

  async function start(name: string, path: string): Promise<Environment> {
    if (closed) throw new Error('the functions are closed');
    const starting = startEnvironment(name, pathToFileURL(resolve(path)).href, limits);
    all.add(starting);
    try {
      const environment = await starting;
      void environment.done.then(() => all.delete(starting));
      return environment;
    } catch (error) {
      all.delete(starting);
      throw error;
    }
  }

  function keep(name: string, environment: Environment): void {
    if (!environment.ended()) idle.set(name, [...(idle.get(name) ?? []), environment]);
  }

  function take(name: string): Environment | undefined {
    const free = (idle.get(name) ?? []).filter((environment) => !environment.ended());
    const taken = free.pop();
    idle.set(name, free);
    return taken;
  }

  async function byModule(name: string, path: string): Promise<LambdaFunction> {
    // That it can be loaded is known when the delivery stream is made.
    keep(name, take(name) ?? (await start(name, path)));
    return async (event, signal) => {
      signal.throwIfAborted();
      const environment = take(name) ?? (await start(name, path));
      try {
        return await environment.invoke(event, signal);
      } finally {
        keep(name, environment);
      }
    };
  }

  return {
    async find(arn) {
      const name = functionName(arn);
      const source = Object.hasOwn(sources, name) ? sources[name]! : undefined;
      if (source === undefined)
        throw new FunctionError(
          `nothing stands in for the Lambda function ${name}: start with --lambda ${name}=FILE or --lambda ${name}=URL`,
        );
      return /^https?:\/\//.test(source) ? byHttp(source, limits) : await byModule(name, source);
    },
    async close() {
      closed = true;
      await Promise.all([...all].map((one) => one.then(({ end }) => end()).catch(() => undefined)));
    },
  };
}
