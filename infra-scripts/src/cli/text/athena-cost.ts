import { showBytes } from './table.js';

/** Says on stderr what a query of Athena scanned and cost. */
export function tellAthenaCost({ bytesScanned, dollars }: { bytesScanned: number; dollars: number }): void {
  console.error(`Athena scanned ${showBytes(bytesScanned)}: $${dollars.toFixed(5)}`);
}
