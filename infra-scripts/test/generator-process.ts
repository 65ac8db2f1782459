// `millrace generate` and `millrace replay` as a program of their own.
import { runProgram } from './generator-program.js';

const code = await runProgram(process.argv.slice(2), (text) => process.stderr.write(text));
process.exitCode = code === 0 ? (process.exitCode ?? 0) : code;
