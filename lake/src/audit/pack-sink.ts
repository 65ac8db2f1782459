import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { PackHead } from './pack.js';
import { type WrittenPack, writePack } from './pack-file.js';
import { PartedFacts, partCount } from './parted-facts.js';
import type { ObjectToRead, Sink } from './share.js';

/** Facts of more events than this become a pack: few are in memory, and the table of their streams is near the CPU. */
const mostRows = 400_000;

/** Where packs go. */
export interface PackPlace {
  folder: string;
  /** Another audit will read them. */
  isKept: boolean;
}

/** Puts what is read into packs of whole objects. */
export class PackSink implements Sink {
  readonly facts: PartedFacts;
  readonly packs: WrittenPack[] = [];
  private objects: PackHead['objects'] = [];
  private readonly folder: string;
  private readonly isKept: boolean;

  /** @param isKept another audit will read the packs */
  constructor({ folder, isKept }: PackPlace, seed: number) {
    this.folder = folder;
    this.isKept = isKept;
    this.facts = new PartedFacts(seed, partCount);
  }

  place(_object?: ObjectToRead): number {
    return this.objects.length;
  }

  async done({ object }: Pick<ObjectToRead, 'object'>, state: string): Promise<void> {
    this.objects.push([object.key, state]);
    const { events, acknowledged } = this.facts;
    if (events + acknowledged / 2 > mostRows) await this.flush();
  }

  /** Writes facts that have these objects, whole. */
  async add(objects: PackHead['objects']): Promise<void> {
    this.objects.push(...objects);
    await this.flush();
  }

  /** Writes what there is. */
  async flush(): Promise<void> {
    if (this.objects.length === 0) return;
    const path = join(this.folder, `${randomUUID()}.facts`);
    this.packs.push(await writePack(path, this.facts, this.objects, this.isKept));
    this.objects = [];
    this.facts.clear();
  }
}
