// Says at the end which tests were skipped and why. With MILLRACE_TEST_REQUIRE=all a skip without a reason fails the run:
// `needs` of @millrace/testing gives the reason, and fails where the tool is there.
import { relative } from 'node:path';

const withoutReason = 'no reason given';

export default class SkipReporter {
  #root;
  #isPartial;
  #unexplained = 0;

  constructor({ rootDir, testNamePattern }) {
    this.#root = rootDir;
    // `jest -t NAME` skips whatever has another name.
    this.#isPartial = Boolean(testNamePattern);
  }

  onRunComplete(_contexts, { testResults }) {
    if (this.#isPartial) return;
    const byReason = new Map();
    for (const { testFilePath, testResults: tests } of testResults) {
      for (const { status, fullName } of tests) {
        if (status !== 'pending' && status !== 'todo') continue;
        const reason = /\((needs [^)]*)\)/.exec(fullName)?.[1] ?? withoutReason;
        const files = byReason.get(reason) ?? new Map();
        files.set(testFilePath, (files.get(testFilePath) ?? 0) + 1);
        byReason.set(reason, files);
      }
    }
    this.#unexplained = [...(byReason.get(withoutReason)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    if (byReason.size === 0) {
      console.log('Skipped: none');
      return;
    }
    const lines = [...byReason].flatMap(([reason, files]) => [
      `  ${reason}:`,
      ...[...files].map(([file, count]) => `    ${count} in ${relative(this.#root, file)}`),
    ]);
    console.log(['Skipped:', ...lines].join('\n'));
  }

  getLastError() {
    if (process.env.MILLRACE_TEST_REQUIRE !== 'all' || this.#unexplained === 0) return undefined;
    return new Error(`${this.#unexplained} tests were skipped without a reason (MILLRACE_TEST_REQUIRE=all)`);
  }
}
