import { parentPort, workerData } from 'node:worker_threads';
import { type PackPlace, PackSink } from './pack-sink.js';
import { readShare, type ShareOptions } from './share.js';

const { place, ...options } = workerData as ShareOptions & { place: PackPlace };
const sink = new PackSink(place, options.seed);
const read = await readShare(sink, options);
await sink.flush();
parentPort!.postMessage({ read, packs: sink.packs });
