/** Two embedded AWS on which a delivery stream runs, started and stopped as the README does. Nothing here ends the process. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedAws } from '@millrace/embedded-aws';
import { deliverOneClick } from './embedded-aws-click.js';

const own = await mkdtemp(join(tmpdir(), 'embedded-aws-own-'));
const both = await Promise.all([startEmbeddedAws(), startEmbeddedAws({ state: own })]);
const delivered = await Promise.all(both.map((aws, index) => deliverOneClick(aws, `page_${index}`)));
await Promise.all(both.map((aws) => aws.stop()));
console.log(JSON.stringify({ delivered, urls: both.map(({ url }) => url), folders: both.map(({ state }) => state) }));
