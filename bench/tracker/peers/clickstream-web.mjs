/** The web SDK of AWS's own clickstream solution. */
export const clickstreamWeb = {
  id: 'clickstream-web',
  name: 'AWS clickstream-web',
  package: '@aws/clickstream-web',
  durable: true,
  configuration: '`sendMode: SendMode.Batch` (its default, `Immediate`, loses more); automatic events as by default',
  answer: () => ({ status: 200, body: '{"message":"ok"}', type: 'application/json' }),
};
