/** What not every engine does, or lets our driver do. */
export type Ability =
  | 'hides tabs'
  | 'has the back/forward cache'
  | 'blocks storage'
  | 'blocks localStorage alone'
  | 'closes tabs';

/** How a session differs from a plain one. */
export interface SessionOptions {
  /** Storage that the browser refuses to the page: all kinds, or localStorage and sessionStorage alone. */
  without?: 'storage' | 'localStorage';
}

/** A browser engine on this machine. */
export interface Engine {
  name: string;
  /** The Debian packages that bring it. */
  packages: string;
  isThere(): boolean;
  can: ReadonlySet<Ability>;
  /** Starts a browser that is driven, with an empty profile. */
  start(options?: SessionOptions): Promise<Session>;
  /** Starts a browser that nobody drives: it opens the page, and keeps what a page stores in `profile`. */
  open(url: string, profile: string): Promise<Undriven>;
}

/** A driven browser. */
export interface Session {
  newTab(): Promise<Tab>;
  close(): Promise<void>;
}

/** A tab of a driven browser. */
export interface Tab {
  /** Settles when the page has loaded. */
  goto(url: string): Promise<void>;
  back(): Promise<void>;
  /** Runs a function in the page, which sees nothing but its arguments. */
  evaluate<Result, Args extends unknown[]>(
    work: (...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Result>;
  /** A click as the visitor's, by the engine's own input events. */
  click(selector: string): Promise<void>;
  /** Brings the tab to the front, which hides the others where the engine hides tabs. */
  show(): Promise<void>;
  close(): Promise<void>;
}

/** A browser that nobody drives. */
export interface Undriven {
  /** SIGKILL to all of its processes at once. */
  kill(): Promise<void>;
}
