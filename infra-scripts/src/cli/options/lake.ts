import { Option } from 'commander';

/** `--lake`, for commands that read the lake. */
export const lakeOption = () =>
  new Option('--lake <folder>', "the lake's folder (default: the bucket millrace-lake in the state folder)");

/** `--state`, for commands that read the lake. */
export const lakeStateOption = () =>
  new Option('--state <folder>', 'the state folder with the lake (default: MILLRACE_STATE, else .millrace here)');

/** `--workgroup`, for commands that can ask Athena. */
export const workGroupOption = () =>
  new Option('--workgroup <name>', "ask Athena on AWS, in this work group (MILLRACE_WORKGROUP; the stack's output)");

/** `--site`, for commands that read events. */
export const siteOption = () => new Option('--site <name>', 'only events of this site, the name of a write key');

/** `--no-bots`, for commands that read events. */
export const noBotsOption = () => new Option('--no-bots', 'without events that a bot sent');
