import { parentPort, workerData } from 'node:worker_threads';
import { PackSink } from './pack-sink.js';
import { readShare, type ShareOptions } from './share.js';

const { folder, ...options } = workerData as ShareOptions & { folder: string };
const sink = new PackSink(folder, options.seed);
const read = await readShare(sink, options);
await sink.flush();
parentPort!.postMessage({ read, packs: sink.packs });
