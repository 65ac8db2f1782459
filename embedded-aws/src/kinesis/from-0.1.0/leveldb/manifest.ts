import { byteReader } from './byte-reader.js';
import { logEntries } from './log-file.js';

/** A table of the store. */
export interface TableFile {
  number: number;
  /** Tables of level 0 overlap; those of another level do not. */
  level: number;
  smallest: string;
  largest: string;
}

/** Which files a store is made of. */
export interface Manifest {
  tables: TableFile[];
  /** Log files of this number and above hold what is in no table yet. */
  firstLog: number;
  /** Another such log; 0 for none. */
  previousLog: number;
}

/** A key without the number and the kind that LevelDB puts behind it. */
const userKey = (key: Buffer): string => key.toString('latin1', 0, key.length - 8);

/** Reads a MANIFEST file. @throws Error when it is damaged */
export function readManifest(bytes: Buffer, path: string): Manifest {
  const tables = new Map<number, TableFile>();
  const manifest = { firstLog: 0, previousLog: 0 };
  const entries = logEntries(bytes, path, ({ start }) => {
    throw new Error(`${path} is damaged at byte ${start}`);
  });
  if (entries.length === 0) throw new Error(`${path} is damaged: it names no files`);
  for (const entry of entries) {
    const reader = byteReader(entry);
    while (!reader.isAtEnd()) {
      switch (reader.varint()) {
        case 1:
          reader.sized();
          break;
        case 2:
          manifest.firstLog = reader.varint();
          break;
        case 3:
        case 4:
          reader.varint();
          break;
        case 5:
          reader.varint();
          reader.sized();
          break;
        case 6:
          reader.varint();
          tables.delete(reader.varint());
          break;
        case 7: {
          const [level, number] = [reader.varint(), reader.varint()];
          reader.varint();
          tables.set(number, { number, level, smallest: userKey(reader.sized()), largest: userKey(reader.sized()) });
          break;
        }
        case 9:
          manifest.previousLog = reader.varint();
          break;
        default:
          throw new Error(`${path} is of another version of LevelDB`);
      }
    }
  }
  return { tables: [...tables.values()], ...manifest };
}
