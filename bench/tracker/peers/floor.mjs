/** No tracker at all: what the harness itself costs. */
export const floor = {
  id: 'floor',
  name: 'nothing',
  floor: true,
  durable: false,
  configuration: 'an empty function',
  answer: () => ({ status: 200, body: '', type: 'text/plain' }),
};
