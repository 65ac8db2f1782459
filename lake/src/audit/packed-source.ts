import type { Columns, Kinds } from './columns.js';
import { Facts, noStream, SharedFacts } from './facts.js';
import { type Section, tableNames } from './pack.js';
import { type PackFile, readSection } from './pack-file.js';
import { Part } from './part.js';
import { partCount } from './parted-facts.js';
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

  private constructor(packs: readonly PackFile[], options: PackedOptions) {
    this.options = options;
    this.shared = new SharedFacts(options.seed);
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
    const facts = new Facts(this.options.seed, this.shared);
    for (const { pack, numbers } of this.packs) addSection(facts, await readSection(pack, number + 1), numbers);
    const part = new Part(facts, this.options.isRecent);
    if (this.isKept) this.kept[number] = part;
    return part;
  }

  private async add(pack: PackFile): Promise<void> {
    const { shared, options } = this;
    const { tables, texts } = await readSection(pack, 0);
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
    numbers.ledgerRows = addRows(shared.ledgerRows as unknown as Columns<Kinds>, tables[0]!, {
      keep: (row) => objects[tables[0]!.at.object![row]!] !== stale,
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
    const columns = facts[name] as unknown as Columns<Kinds>;
    const { object, row: ofRow } = table.at;
    if (name === 'claimants') {
      const events = places.events!;
      const keep = (row: number) => events[ofRow![row]!] !== stale;
      addRows(columns, table, { keep, isAll, change: { row: events }, shift: { claim: claims } });
    } else if (name === 'ledger') {
      const keep = (row: number) => ledgerRows[ofRow![row]!] !== stale;
      addRows(columns, table, { keep, isAll, change: { stream: streams, row: ledgerRows } });
    } else {
      const keep = (row: number) => objects[object![row]!] !== stale;
      const change = { stream: streams, object: objects, sdk: sdks, site: sites };
      places[name] = addRows(columns, table, { keep, isAll, change, shift: { number: claims } });
    }
  }
}

/** How rows of a pack become rows here. */
interface Change {
  keep: (row: number) => boolean;
  /** All rows are kept. */
  isAll: boolean;
  /** Columns whose values are numbers of the pack: what they are here. */
  change: Record<string, Uint32Array>;
  /** Columns to which something is added. */
  shift?: Record<string, number>;
}

/** Adds rows; the place of each, `stale` for one that is left out. */
function addRows(
  columns: Columns<Kinds>,
  table: Section['tables'][0],
  { keep, isAll, change, shift }: Change,
): Uint32Array {
  const places = new Uint32Array(table.length);
  const first = columns.length;
  let count = 0;
  for (let row = 0; row < table.length; row++) places[row] = isAll || keep(row) ? first + count++ : stale;
  columns.add(count);
  for (const name of Object.keys(columns.kinds)) {
    const from = table.at[name]!;
    const to = columns.at[name]!;
    const values = change[name];
    const plus = shift?.[name] ?? 0;
    if (isAll && !values && plus === 0) to.set(from as Float64Array, first);
    else {
      for (let row = 0; row < from.length; row++) {
        const place = places[row]!;
        if (place === stale) continue;
        const value = from[row]!;
        to[place] = values && value !== noStream ? values[value]! : value + plus;
      }
    }
  }
  return places;
}
