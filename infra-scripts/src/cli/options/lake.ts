import { Option } from 'commander';

export const lakeOption = () =>
  new Option('--lake <folder>', "the lake's folder (default: the bucket millrace-lake in the state folder)");

export const lakeStateOption = () =>
  new Option('--state <folder>', 'the state folder with the lake (default: MILLRACE_STATE, else .millrace here)');

export const workGroupOption = () =>
  new Option('--workgroup <name>', "ask Athena on AWS, in this work group (MILLRACE_WORKGROUP; the stack's output)");
