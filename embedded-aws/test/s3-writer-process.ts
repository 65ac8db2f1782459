/**
 * A process to kill: the embedded S3 over `<argument 1>/s3`, and writers that put objects through HTTP and print the
 * name and MD5 of each one that was answered 200.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { send, startS3 } from './s3-helpers.js';

const [root, round] = process.argv.slice(2);
const { port } = await startS3(root);
await send(port, 'PUT', '/crash', { body: '' });

let count = 0;
async function writer(number: number): Promise<void> {
  for (;;) {
    const i = count++;
    const name = i % 5 === 0 ? 'same/key' : `page=p${i % 3}/event=e${number}/${round}-${i}`;
    const body = `${name} `.repeat(1 + ((i * 7919) % 20_000));
    const md5 = createHash('md5').update(body).digest('hex');
    const answer = await send(port, 'PUT', `/crash/${name}`, { body, headers: { 'x-amz-meta-md5': md5 } });
    if (answer.status !== 200) throw new Error(answer.body);
    writeSync(1, `${name} ${md5}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(writer));
