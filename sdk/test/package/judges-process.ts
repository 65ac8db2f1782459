// Prints what publint and are-the-types-wrong find in a tarball. A process of its own, because the latter loads a whole
// TypeScript, which Jest would load anew.
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const [tarball, excluded] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(tarball!));
const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
const types = await checkPackage(createPackageFromTarballData(bytes), {
  excludeEntrypoints: JSON.parse(excluded!),
});
console.log(
  JSON.stringify({
    publint: messages.map((message) => formatMessage(message, pkg)),
    types: types.types && types.problems,
    entries: types.types && Object.keys(types.entrypoints),
  }),
);
