import { readdir } from 'node:fs/promises';

/** Whether any log below a folder, which need not exist, has a segment. */
export async function hasLogs(folder: string): Promise<boolean> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  return files.some((file) => file.endsWith('.log'));
}
