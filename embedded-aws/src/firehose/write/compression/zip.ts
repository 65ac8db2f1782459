import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { crc32 } from '@millrace/kit/crc32';

/** A ZIP archive of one file. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
export async function zipOne(name: string, content: Buffer, at: Date): Promise<Buffer> {
  const compressed = await promisify(deflateRaw)(content);
  const nameBytes = Buffer.from(name);
  const shared = Buffer.alloc(26);
  const utf8Name = 0x0800;
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(utf8Name, 2);
  shared.writeUInt16LE(8, 4);
  shared.writeUInt16LE((at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1), 6);
  shared.writeUInt16LE(((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(), 8);
  shared.writeUInt32LE(crc32(content), 10);
  shared.writeUInt32LE(compressed.length, 14);
  shared.writeUInt32LE(content.length, 18);
  shared.writeUInt16LE(nameBytes.length, 22);

  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, nameBytes, compressed]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
    shared,
    // No comment, disk 0, no attributes, and the one file begins at the beginning.
    Buffer.alloc(14),
    nameBytes,
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
