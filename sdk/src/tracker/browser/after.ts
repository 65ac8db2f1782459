/**
 * Does `work` when `before` has settled, and swallows its error. By `await` alone, which needs none of the methods of
 * promises that a page may replace.
 */
export async function after(before: Promise<unknown> | undefined, work: () => unknown): Promise<void> {
  await before;
  try {
    await work();
  } catch {}
}
