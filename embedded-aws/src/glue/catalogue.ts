import { AwsError } from '../json-service/aws-error.js';
import { readState, type StateFormat, writeState } from '../state-file.js';
import type { DatabaseInput, TableInput } from './table.js';

/** A table as it was from one change to the next. */
export interface TableVersion {
  input: TableInput;
  /** From 0 on. */
  version: number;
  /** Milliseconds since 1970. */
  atMs: number;
}

interface Database {
  input: DatabaseInput;
  createdMs: number;
  /** By name; of each its versions, oldest first. */
  tables: Record<string, TableVersion[]>;
}

const format: StateFormat = {
  format: 'millrace-glue-catalogue',
  version: 1,
  remedy: 'delete it and create the databases and tables again.',
};

/** Databases and tables with their versions, on disk in one file: a change is there, whole, before it is answered. */
export interface Catalogue {
  databases(): { input: DatabaseInput; createdMs: number }[];
  /** @throws AwsError EntityNotFoundException, as all of these */
  database(name: string): { input: DatabaseInput; createdMs: number };
  /** The newest version of each. */
  tables(database: string): TableVersion[];
  /** Oldest first. */
  versions(database: string, table: string): TableVersion[];
  createDatabase(input: DatabaseInput): Promise<void>;
  deleteDatabase(name: string): Promise<void>;
  createTable(database: string, input: TableInput): Promise<void>;
  updateTable(database: string, input: TableInput): Promise<void>;
  deleteTable(database: string, table: string): Promise<void>;
  /** The listener is told of every table that was created or updated. */
  onTable(listener: (database: string, table: string) => void): void;
}

/** Glue keeps names in lower case. */
const lower = (name: string) => name.toLowerCase();
const notFound = (what: string) => new AwsError('EntityNotFoundException', `${what} not found.`);
const exists = (what: string) => new AwsError('AlreadyExistsException', `${what} already exists.`);

/** @throws Error naming the file and what to do when it is damaged */
export async function openCatalogue(path: string, nowMs: () => number = Date.now): Promise<Catalogue> {
  let current = ((await readState(path, format)) ?? {}) as Record<string, Database>;
  let last: Promise<unknown> = Promise.resolve();
  const listeners: ((database: string, table: string) => void)[] = [];

  /** One change after the other, each on a copy: one that cannot be written has not happened. */
  function change(edit: (next: Record<string, Database>) => void): Promise<void> {
    const done = last.then(async () => {
      const next = structuredClone(current);
      edit(next);
      await writeState(path, format, next);
      current = next;
    });
    last = done.catch(() => undefined);
    return done;
  }

  function databaseIn(databases: Record<string, Database>, name: string): Database {
    if (!Object.hasOwn(databases, lower(name))) throw notFound(`Database ${lower(name)}`);
    return databases[lower(name)]!;
  }

  function versionsIn(database: Database, table: string): TableVersion[] {
    if (!Object.hasOwn(database.tables, lower(table))) throw notFound(`Table ${lower(table)}`);
    return database.tables[lower(table)]!;
  }

  const told = (database: string, table: string) => {
    for (const listener of listeners) listener(lower(database), lower(table));
  };

  return {
    databases: () => Object.values(current),
    database: (name) => databaseIn(current, name),
    tables: (database) => Object.values(databaseIn(current, database).tables).map((versions) => versions.at(-1)!),
    versions: (database, table) => versionsIn(databaseIn(current, database), table),
    createDatabase: (input) =>
      change((next) => {
        const name = lower(input.Name);
        if (Object.hasOwn(next, name)) throw exists('Database');
        next[name] = { input: { ...input, Name: name }, createdMs: nowMs(), tables: {} };
      }),
    deleteDatabase: (name) =>
      change((next) => {
        databaseIn(next, name);
        delete next[lower(name)];
      }),
    async createTable(database, input) {
      const name = lower(input.Name);
      await change((next) => {
        const { tables } = databaseIn(next, database);
        if (Object.hasOwn(tables, name)) throw exists('Table');
        tables[name] = [{ input: { ...input, Name: name }, version: 0, atMs: nowMs() }];
      });
      told(database, name);
    },
    async updateTable(database, input) {
      await change((next) => {
        const versions = versionsIn(databaseIn(next, database), input.Name);
        versions.push({
          input: { ...input, Name: lower(input.Name) },
          version: versions.at(-1)!.version + 1,
          atMs: nowMs(),
        });
      });
      told(database, input.Name);
    },
    deleteTable: (database, table) =>
      change((next) => {
        const found = databaseIn(next, database);
        versionsIn(found, table);
        delete found.tables[lower(table)];
      }),
    onTable: (listener) => void listeners.push(listener),
  };
}
