/** A bucket's policy: nobody gets at it but over TLS. `arns` are the bucket's and its objects'. */
export const overTlsOnly = <Arn>(arns: readonly Arn[]) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'RefusePlainHttp',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [...arns],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ],
});
