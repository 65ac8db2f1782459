import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, writeFile } from 'node:fs/promises';
import { encodePack, type PackHead, packFormat, packPrefix, type Section, sectionBytes, sectionOf } from './pack.js';
import type { PartedFacts } from './parted-facts.js';

/** A pack that was written, as one thread tells another. */
export interface WrittenPack {
  path: string;
  head: PackHead;
  /** Where its sections begin. */
  start: number;
}

/** A pack that is open: it can be read though another audit removes it. */
export interface PackFile extends WrittenPack {
  file: FileHandle;
}

/** Writes facts as a pack; it is there whole or not at all. `isKept`: another audit will read it. */
export async function writePack(
  path: string,
  facts: PartedFacts,
  objects: PackHead['objects'],
  isKept: boolean,
): Promise<WrittenPack> {
  const { head, bytes } = encodePack(facts, objects, isKept);
  const unfinished = `${path}.part`;
  await writeFile(unfinished, bytes);
  await rename(unfinished, path);
  return { path, head, start: packPrefix + bytes[2]!.length };
}

const readBytes = 1 << 20;

/** Opens a pack that was written earlier: undefined unless it is of this format and fits its checksum. */
export async function openPack(path: string): Promise<PackFile | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  const found = file && (await checked(path, file).catch(() => undefined));
  if (!found) await file?.close();
  return found;
}

async function checked(path: string, file: FileHandle): Promise<PackFile | undefined> {
  const prefix = await readAt(file, 0, packPrefix);
  const { size } = await file.stat();
  const length = prefix.readUInt32LE(32);
  if (packPrefix + length > size) return undefined;
  const text = await readAt(file, packPrefix, length);
  const hash = createHash('sha256').update(text);
  for (let at = packPrefix + length; at < size; at += readBytes) {
    hash.update(await readAt(file, at, Math.min(readBytes, size - at)));
  }
  if (!hash.digest().equals(prefix.subarray(0, 32))) return undefined;
  const head = JSON.parse(text.toString()) as PackHead;
  return head.format === packFormat ? { path, head, start: packPrefix + length, file } : undefined;
}

/** Memory that one section after the other is read into. */
export class SectionRoom {
  private buffer = new ArrayBuffer(0);

  /** At least so many bytes. */
  of(bytes: number): ArrayBuffer {
    if (bytes > this.buffer.byteLength) this.buffer = new ArrayBuffer(bytes);
    return this.buffer;
  }
}

/** Reads a section of a pack; it is good until another is read into the same room. */
export async function readSection(
  { file, head, start }: PackFile,
  section: number,
  room: SectionRoom,
): Promise<Section> {
  const each = head.sections[section]!;
  const length = sectionBytes(section, each);
  const buffer = room.of(length);
  await readInto(file, new Uint8Array(buffer, 0, length), start + each.offset);
  return sectionOf(section, each, buffer, 0);
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  await readInto(file, bytes, at);
  return bytes;
}

async function readInto(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, at + done);
    if (bytesRead === 0) throw new Error('the file of facts is shorter than it was');
    done += bytesRead;
  }
}
