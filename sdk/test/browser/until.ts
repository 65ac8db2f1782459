/**
 * Waits until `probe` gives something, and gives it. Patient, because the machine may be loaded; `what` is in the
 * error.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  patienceMs = 20_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${patienceMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
