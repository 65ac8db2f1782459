/** The region of the embedded AWS, whatever the environment says. */
export const localRegion = 'us-east-1';

/** The account of the embedded AWS, as it stands in ARNs. */
export const localAccountId = '000000000000';

/** What its clients sign with: they want to sign, and it checks no signature. */
export const localCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };
