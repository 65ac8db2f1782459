/** One kind of file of the state. */
export interface CheckedKind {
  kind: string;
  files: number;
  /** What is in them, as far as it can be read: streams, records, objects. */
  records: number;
  bytes: number;
  /** Damaged things: files, or stretches of a log. */
  damaged: number;
}

/** Something damaged. */
export interface StateDamage {
  kind: string;
  file: string;
  /** What is wrong with it, and for a file that stops the start what to do. */
  what: string;
  /** Of a log: the damaged bytes, from this one up to and without that one. */
  start?: number;
  end?: number;
  /** Of a log: how many records they cost. */
  records?: number;
  /** Where a copy of the damaged bytes lies. */
  setAside?: string;
}

/** What a look at a state folder found. */
export interface StateCheck {
  /** The process that has it open: what it wrote meanwhile may not have been looked at. */
  inUseBy: number | undefined;
  kinds: CheckedKind[];
  damaged: StateDamage[];
  /** Files of another version, which the release that wrote them reads. */
  unknown: string[];
  /** Objects that were put into their bucket's folder without S3, and so have no checksum. */
  unchecked: number;
}

/** What a part of the check tells of one kind. */
export interface Findings {
  /** A file, with what is in it. */
  file(bytes: number, records: number): void;
  damage(damage: Omit<StateDamage, 'kind'>): void;
  unknown(file: string): void;
  unchecked(): void;
}

/** Collects what the parts of a check tell, in the order of the kinds. */
export function collectFindings(): { of(kind: string): Findings; all(): Omit<StateCheck, 'inUseBy'> } {
  const all: Omit<StateCheck, 'inUseBy'> = { kinds: [], damaged: [], unknown: [], unchecked: 0 };
  return {
    all: () => ({ ...all, kinds: all.kinds.filter(({ files, damaged }) => files + damaged > 0) }),
    of(kind) {
      const checked: CheckedKind = { kind, files: 0, records: 0, bytes: 0, damaged: 0 };
      all.kinds.push(checked);
      return {
        file(bytes, records) {
          checked.files += 1;
          checked.bytes += bytes;
          checked.records += records;
        },
        damage(damage) {
          checked.damaged += 1;
          all.damaged.push({ kind, ...damage });
        },
        unknown: (file) => void all.unknown.push(file),
        unchecked() {
          all.unchecked += 1;
        },
      };
    },
  };
}
