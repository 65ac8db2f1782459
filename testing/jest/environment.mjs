// The Jest environment of all tests. Each file has modules of its own, as ever; but they run in the worker's own context, not in a new
// one, where each look at `Math` or `Infinity` is a call: what reckons much took three times as long. What a file changes is put back.
import asyncHooks from 'node:async_hooks';
import vm from 'node:vm';
import { ModuleMocker } from 'jest-mock';
import { keepProcess } from '../dist/src/put-back.js';

/** Stands for the worker's own context: Jest names the context to compile for, and vm has no name for this one. */
const own = vm.createContext();

const { SourceTextModule, SyntheticModule, compileFunction } = vm;
const inOwn = ({ context, ...options }) => (context === own ? options : { ...options, context });
vm.SourceTextModule = class extends SourceTextModule {
  constructor(code, options) {
    super(code, inOwn(options));
  }
};
vm.SyntheticModule = class extends SyntheticModule {
  constructor(names, evaluate, options) {
    super(names, evaluate, inOwn(options));
  }
};
vm.compileFunction = (code, names, { parsingContext, ...options }) =>
  compileFunction(code, names, parsingContext === own ? options : { ...options, parsingContext });

const { AsyncLocalStorage } = asyncHooks;

/**
 * Remembers which test runs, for Jest. Its own way looks at every promise that a test makes, a tenth of all CPU before Node 24; here
 * the tests of a file run one after the other.
 */
class RunningTest {
  #store;

  run(store, work) {
    const before = this.#store;
    this.#store = store;
    const back = () => {
      this.#store = before;
    };
    let result;
    try {
      result = work();
    } catch (error) {
      back();
      throw error;
    }
    if (typeof result?.then !== 'function') back();
    else result.then(back, back);
    return result;
  }

  getStore() {
    return this.#store;
  }
}

export default class OwnContextEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  /** Jest's fake timers: no test uses them. */
  fakeTimers = null;
  fakeTimersModern = null;
  #context = own;
  #putBack = keepProcess();

  async setup() {
    // As in Jest's own environment.
    Error.stackTraceLimit = 100;
    asyncHooks.AsyncLocalStorage = RunningTest;
  }

  handleTestEvent({ name }) {
    // Jest has made what it needs; tests get Node's own.
    if (name === 'setup') asyncHooks.AsyncLocalStorage = AsyncLocalStorage;
  }

  getVmContext() {
    return this.#context;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  async teardown() {
    this.#context = null;
    this.moduleMocker.restoreAllMocks();
    this.#putBack();
  }
}
