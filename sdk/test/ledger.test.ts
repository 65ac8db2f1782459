import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkOf, type LedgerIdentity, ledgerText, readLedger } from '../src/schema/ledger.js';

const streamId = fc.oneof(
  fc.stringMatching(/^[0-9a-z]{20}$/),
  fc.uuid(),
  fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' }),
  fc.constantFrom('=', ':', 'a b', 'a,b:0:AAAA', '%', '\ud800'),
);
const identities: fc.Arbitrary<LedgerIdentity[]> = fc.array(
  fc.record({ stream_id: streamId, seq: fc.integer({ min: 0, max: 2 ** 40 }), event_id: fc.uuid({ version: 7 }) }),
);

test('a ledger names every event that was written into it, whatever the streams are called', () => {
  fc.assert(
    fc.property(identities, (events) => {
      expect(readLedger(ledgerText(events))).toEqual(
        events.map(({ stream_id, seq, event_id }) => ({
          streamId: stream_id.replace(/\p{Surrogate}/gu, '\ufffd'),
          seq,
          check: checkOf(event_id),
        })),
      );
    }),
  );
});

test('events in a row cost four characters each, and a stream its id', () => {
  const id = (n: number) => `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
  const events = [0, 1, 2, 7].map((seq) => ({ stream_id: 'mij4zk0v3f8a1c02d9e7', seq, event_id: id(seq) }));
  expect(ledgerText(events)).toBe('mij4zk0v3f8a1c02d9e7:0:AAAAAAABAAAC,7:AAAH');
});

test('what no server wrote is no ledger: nothing is read out of it', () => {
  const others = [
    ' ',
    'a',
    'a:',
    'a:0:',
    'a:0:AAA',
    'a:0:AAAA,',
    'a:x:AAAA',
    'a:-1:AAAA',
    'a:0:AAAA  b:0:AAAA',
    '=%:0:AAAA',
    'ä:0:AAAA',
  ];
  for (const text of others) expect([text, readLedger(text)]).toEqual([text, undefined]);
});
