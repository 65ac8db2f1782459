import { Facts, noStream, SharedFacts } from './facts.js';
import { type Section, tableNames } from './pack.js';
import { type PackFile, readSection, SectionRoom } from './pack-file.js';
import { Part } from './part.js';
import { partCount } from './parted-facts.js';
import type { Field, Rows } from './rows.js';
import type { Source } from './source.js';

/** An object that is no longer as the pack knows it; its rows are left out. */
const stale = 0xffffffff;
/** Parts with no more events than this together stay in memory between the two readings. */
const mostKept = 3_000_000;

/** A pack among others: what its numbers are in all of them. */
interface Numbers {
  /** The place of its objects among those of the lake, or `stale`. */
  objects: Uint32Array;
  hasStale: boolean;
  /** The first number of its claims. */
  claims: number;
  sdks: Uint32Array;
  sites: Uint32Array;
  /** The place of each row of its ledger among all. */
  ledgerRows: Uint32Array;
}

/** What is told of packs. */
export interface PackedOptions {
  seed: number;
  /** The place of an object of a pack, by its key and state, among those of the lake; undefined when it is another. */
  placeOf: (key: string, state: string, pack: PackFile) => number | undefined;
  isRecent: (object: number) => boolean;
}

/** Facts that lie in packs. */
export class PackedSource implements Source {
  readonly shared: SharedFacts;
  readonly parts = partCount;
  claims = 0;
  private readonly packs: { pack: PackFile; numbers: Numbers }[] = [];
  private readonly options: PackedOptions;
  private readonly kept: (Part | undefined)[] = [];
  private readonly isKept: boolean;
  /** The facts of the part that was asked for last, where parts are not kept: its room serves them all. */
  private readonly facts: Facts;

  private readonly room = new SectionRoom();

  private constructor(packs: readonly PackFile[], options: PackedOptions) {
    this.options = options;
    this.shared = new SharedFacts(options.seed);
    this.facts = new Facts(options.seed, this.shared);
    this.isKept = packs.reduce((sum, { head }) => sum + head.rows, 0) <= mostKept;
  }

  /** Reads what all parts share. */
  static async open(packs: readonly PackFile[], options: PackedOptions): Promise<PackedSource> {
    const source = new PackedSource(packs, options);
    for (const pack of packs) await source.add(pack);
    return source;
  }

  async part(number: number): Promise<Part> {
    const kept = this.kept[number];
    if (kept) return kept;
    const facts = this.isKept ? new Facts(this.options.seed, this.shared) : this.facts;
    facts.clear();
    for (const [at, name] of tableNames.entries()) {
      facts[name].reserve(this.packs.reduce((sum, { pack }) => sum + pack.head.sections[number + 1]!.rows[at]!, 0));
    }
    for (const { pack, numbers } of this.packs)
      addSection(facts, await readSection(pack, number + 1, this.room), numbers);
    const part = new Part(facts, this.options.isRecent);
    if (this.isKept) this.kept[number] = part;
    return part;
  }

  private async add(pack: PackFile): Promise<void> {
    const { shared, options } = this;
    const { tables, texts } = await readSection(pack, 0, this.room);
    const objects = Uint32Array.from(pack.head.objects, ([key, state]) => options.placeOf(key, state, pack) ?? stale);
    const few = (numbers: Uint32Array) => numbers.map((number) => (number > 0xffff ? 0 : number));
    const servers = shared.servers.merge(texts[2]!);
    const numbers: Numbers = {
      objects,
      hasStale: objects.includes(stale),
      claims: this.claims,
      sdks: few(shared.sdks.merge(texts[0]!)),
      sites: few(shared.sites.merge(texts[1]!)),
      ledgerRows: new Uint32Array(0),
    };
    numbers.ledgerRows = addRows(shared.ledgerRows as unknown as Rows, tables[0]!, {
      keep: (row) => objects[tables[0]!.at.object!.get(row)] !== stale,
      isAll: !numbers.hasStale,
      change: { server: servers, object: objects },
    });
    this.claims += pack.head.claims;
    this.packs.push({ pack, numbers });
  }
}

/** Adds a part of a pack. */
function addSection(facts: Facts, { tables, texts }: Section, numbers: Numbers): void {
  const streams = facts.streams.merge(texts[0]!);
  const { objects, sdks, sites, claims, ledgerRows } = numbers;
  const isAll = !numbers.hasStale;
  const places: Record<string, Uint32Array> = {};
  for (const [at, name] of tableNames.entries()) {
    const table = tables[at]!;
    const rows = facts[name] as unknown as Rows;
    const { object, row: ofRow } = table.at;
    if (name === 'claimants') {
      const events = places.events!;
      const keep = (row: number) => events[ofRow!.get(row)] !== stale;
      addRows(rows, table, { keep, isAll, change: { row: events }, shift: { claim: claims } });
    } else if (name === 'ledger') {
      const keep = (row: number) => ledgerRows[ofRow!.get(row)] !== stale;
      addRows(rows, table, { keep, isAll, change: { stream: streams, row: ledgerRows } });
    } else {
      const keep = (row: number) => objects[object!.get(row)] !== stale;
      const change = { stream: streams, object: objects, sdk: sdks, site: sites };
      places[name] = addRows(rows, table, { keep, isAll, change, shift: { number: claims } });
    }
  }
}

/** How rows of a pack become rows here. */
interface Change {
  keep: (row: number) => boolean;
  /** All rows are kept. */
  isAll: boolean;
  /** Fields whose values are numbers of the pack: what they are here. */
  change: Record<string, Uint32Array>;
  /** Fields to which something is added. */
  shift?: Record<string, number>;
}

/** Adds rows; the place of each, `stale` for one that is left out. */
function addRows(rows: Rows, table: Rows, { keep, isAll, change, shift }: Change): Uint32Array {
  const places = new Uint32Array(table.length).fill(stale);
  const first = rows.length;
  if (isAll) {
    rows.addAll(table);
    for (let row = 0; row < table.length; row++) places[row] = first + row;
  } else {
    for (let row = 0; row < table.length; row++) {
      if (!keep(row)) continue;
      places[row] = rows.length;
      rows.addOne(table, row);
    }
  }
  for (const [name, numbers] of Object.entries(change))
    if (rows.at[name]) renumber(rows.at[name], first, rows.length, numbers);
  for (const [name, plus] of Object.entries(shift ?? {})) {
    const field = rows.at[name];
    for (let row = first; field && row < rows.length; row++) field.set(row, field.get(row) + plus);
  }
  return places;
}

function renumber(field: Field, first: number, end: number, numbers: Uint32Array): void {
  for (let row = first; row < end; row++) {
    const value = field.get(row);
    if (value !== noStream) field.set(row, numbers[value]!);
  }
}
