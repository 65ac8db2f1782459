/**
 * The inner modules of kinesalite 3.3.3 that the embedded Kinesis uses. The package has no types and, being finished in
 * 2020, no longer moves; its own HTTP server is not used (see kinesis/store.ts for why).
 */
declare module 'kinesalite/db/index.js' {
  interface KinesaliteStore {
    createStreamMs: number;
    deleteStreamMs: number;
    updateStreamMs: number;
    shardLimit: number;
    /** Everything, without value encoding: `!meta!NAME` holds a stream, `!stream-NAME!SHARD/SEQUENCE` a record. */
    db: unknown;
    metaDb: {
      awsAccountId: string;
      awsRegion: string;
      /** Runs `body` when the key is free, and frees it when the function that `release` returned is called. */
      lock(
        key: string,
        body: (release: (after: (...args: unknown[]) => void) => (...args: unknown[]) => void) => void,
      ): void;
    };
  }

  const db: { create(options: { path: string; createStreamMs?: number; [option: string]: unknown }): KinesaliteStore };
  export default db;
}

declare module 'kinesalite/actions/*' {
  import type { KinesaliteStore } from 'kinesalite/db/index.js';

  const action: (
    store: KinesaliteStore,
    input: Record<string, unknown>,
    done: (error: unknown, output?: object) => void,
  ) => void;
  export default action;
}

declare module 'kinesalite/validations/index.js' {
  const validations: {
    /** A copy with just the members that `types` knows. Throws what AWS answers for a wrong type. */
    checkTypes(input: Record<string, unknown>, types: object): Record<string, unknown>;
    /** Throws what AWS answers for a value out of bounds. */
    checkValidations(input: Record<string, unknown>, types: object, custom?: unknown, operation?: string): void;
  };
  export default validations;
}

declare module 'kinesalite/validations/*' {
  const validation: { types: Record<string, Record<string, unknown>>; custom?: unknown };
  export default validation;
}
