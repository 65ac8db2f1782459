import { parentPort, workerData } from 'node:worker_threads';
import { buffersOf, Facts, packFacts } from './facts.js';
import { readShare, type ShareOptions } from './share.js';

const options = workerData as ShareOptions;
const facts = new Facts(options.seed);
const read = await readShare(facts, options);
const packed = packFacts(facts);
parentPort!.postMessage({ packed, read }, buffersOf(packed));
