import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const linesPerObject = 500;

/** A lake in a folder, written as Firehose writes it. */
export interface LakeOfLines {
  add(line: string): void;
  /** Writes what is left, and returns how many objects each partition has. */
  finish(): Map<string, number>;
  /** Deletes an object; returns its lines. */
  remove(partition: string, object: number): string[];
  /** The lines of a partition's objects that are there. */
  left(partition: string): Iterable<string>;
}

/** Partitions lines by page and event into gzip objects of 500 lines, as they come. */
export function lakeOfLines(folder: string): LakeOfLines {
  const open = new Map<string, string[]>();
  const objects = new Map<string, number>();
  const linesOf = (name: string) => gunzipSync(readFileSync(name)).toString().trimEnd().split('\n');
  const nameOf = (partition: string, object: number) => join(folder, partition, `clickstream-to-s3-${object}.gz`);

  function write(partition: string, lines: string[]) {
    const object = objects.get(partition) ?? 0;
    objects.set(partition, object + 1);
    mkdirSync(join(folder, partition), { recursive: true });
    writeFileSync(nameOf(partition, object), gzipSync(`${lines.join('\n')}\n`));
    open.delete(partition);
  }

  return {
    add(line) {
      const { page, event } = JSON.parse(line) as { page: string; event: string };
      const partition = `page=${page}/event=${event}`;
      const lines = open.get(partition) ?? [];
      open.set(partition, lines);
      lines.push(line);
      if (lines.length === linesPerObject) write(partition, lines);
    },
    finish() {
      for (const [partition, lines] of open) write(partition, lines);
      return objects;
    },
    remove(partition, object) {
      const name = nameOf(partition, object);
      const lines = linesOf(name);
      rmSync(name);
      return lines;
    },
    *left(partition) {
      for (let object = 0; object < objects.get(partition)!; object++) {
        const name = nameOf(partition, object);
        if (existsSync(name)) yield* linesOf(name);
      }
    },
  };
}
