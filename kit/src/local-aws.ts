/** What the embedded AWS says of itself in ARNs, and what its clients must say to it. It checks no signature. */
export const localRegion = 'us-east-1';
export const localAccountId = '000000000000';
export const localCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };
