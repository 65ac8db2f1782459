import { randomBytes } from 'node:crypto';
import { GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';

/** The keys of `shop=KEY1,KEY2`, without the names of their sites. */
const keysOf = (text: string) => text.split(',').map((entry) => entry.slice(entry.indexOf('=') + 1).trim());

/**
 * The write keys in their SSM parameter; creates a random one when there are none. They are in no template and no
 * stack's parameters. Pages show them in public: they tell sites apart and can be changed, and protect nothing by
 * themselves.
 */
export async function ensureWriteKeys(ssm: SSMClient, name: string): Promise<{ keys: string[]; made: boolean }> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return { keys: keysOf(Parameter?.Value ?? ''), made: false };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ParameterNotFound') throw error;
  }
  const key = randomBytes(15).toString('base64url');
  await ssm.send(
    new PutParameterCommand({
      Name: name,
      Value: key,
      Type: 'SecureString',
      Description: 'The write keys of the Millrace ingest servers, separated by commas.',
    }),
  );
  return { keys: [key], made: true };
}
