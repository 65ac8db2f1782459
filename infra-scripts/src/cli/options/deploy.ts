import type { Command } from 'commander';

/** The options that every command of a deployment has. */
export function deployOptions(command: Command): Command {
  return command
    .option('--name <name>', "the stack's name", 'millrace')
    .option('--region <region>', 'the AWS region (AWS_REGION)')
    .option('--endpoint-url <url>', 'another endpoint than AWS, for tests (AWS_ENDPOINT_URL)');
}
