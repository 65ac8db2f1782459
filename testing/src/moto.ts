/**
 * A Moto of this test file's own until it gives it back: several files take turns at one server, which starts slowly.
 */
export interface LentMoto {
  endpoint: string;
  /** Forgets everything, in all accounts and regions. */
  reset(): Promise<void>;
  giveBack(): Promise<void>;
}

async function ask(path: string): Promise<string> {
  const response = await fetch(`${process.env.MILLRACE_TEST_SERVERS}${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** Borrows an empty Moto from Jest's global set-up. Its tests ask `needs('moto')` first. */
export async function borrowMoto(): Promise<LentMoto> {
  const endpoint = await ask('/moto/lend');
  const reset = async () => void (await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' }));
  await reset();
  return {
    endpoint,
    reset,
    giveBack: async () => void (await ask(`/moto/return?${new URLSearchParams({ endpoint })}`)),
  };
}
