import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { credentialsError } from './advice.js';

/**
 * The account that the credentials belong to, 12 digits.
 * @throws MillraceError `NO_CREDENTIALS` when AWS does not accept them
 */
export async function accountOf(sts: STSClient): Promise<string> {
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Account!;
  } catch (error) {
    throw credentialsError(error as Error);
  }
}
