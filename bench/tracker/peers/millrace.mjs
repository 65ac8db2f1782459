/** Ours, as its README says to paste it: the script tag, nothing configured. */
export const millrace = {
  id: 'millrace',
  name: 'Millrace',
  ours: true,
  durable: true,
  configuration: 'the script tag with `data-key` and `data-endpoint`; the page view as by default',
  answer: ({ markers }) => ({
    status: 200,
    body: JSON.stringify({ time: Date.now(), accepted: markers.length, rejected: [] }),
    type: 'application/json',
  }),
};
