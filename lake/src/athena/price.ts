const megabyte = 1_000_000;

/**
 * What Athena bills for a query, in dollars: each MB that it begins to scan, and 10 MB at least.
 * https://aws.amazon.com/athena/pricing/
 */
export function queryPrice(bytesScanned: number, dollarsPerTB: number): number {
  const billed = Math.max(10, Math.ceil(bytesScanned / megabyte)) * megabyte;
  return (billed / 1e12) * dollarsPerTB;
}
