import { z } from 'zod';
import { ledgerEvent, ledgerPage } from './ledger.js';

/**
 * A row of the ledger in the lake, under `page=_ledger/event=_acknowledged/`: events that the server acknowledged. They
 * travel in the same record as the row, or in the spool beside it, so a crash loses neither without the other.
 */
export const ledgerRowSchema = z.strictObject({
  page: z.literal(ledgerPage),
  event: z.literal(ledgerEvent),
  received_at: z.iso.datetime({ precision: 3 }).describe('When the ingest server wrote it.'),
  server: z.string().describe('What numbers the rows: a queue of one run of an ingest server.'),
  server_row: z.int().nonnegative().describe('The number of the row; gap-free from 0.'),
  acknowledged: z.string().describe('The events, by stream: see docs/guarantees.md.'),
});

/** A row of the ledger. */
export type LedgerRow = z.output<typeof ledgerRowSchema>;
