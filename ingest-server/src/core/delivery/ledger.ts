import { type LedgerRow, ledgerEvent, ledgerPage } from '@millrace/sdk/schema';

/** About how many bytes a row has beside what it names. */
export const ledgerRowBytes = 150;

/** A row on its way to the stream or to the spool. */
export interface LedgerLine {
  /** The row as a line. */
  data: Buffer;
  /** It was not written, as far as is known: another row takes its number. */
  giveBack(): void;
}

/**
 * The rows in which one queue of this server (a lane, or the spool) writes down what it acknowledged. They are numbered
 * without gaps, so that a reader knows when one is missing.
 */
export interface LedgerQueue {
  /** The next row, with the events of these chunks. */
  line(acknowledged: readonly string[]): LedgerLine;
}

/** What one run of a server writes down of the events that it acknowledged. */
export interface Ledger {
  /** A queue that numbers its rows from 0. */
  open(): LedgerQueue;
}

/**
 * A ledger without rows.
 * @param run a name that no other run of a server has
 * @param nowMs the time, in milliseconds since 1970
 */
export function createLedger(run: string, nowMs: () => number): Ledger {
  let queues = 0;
  /** Numbers that were given back when later ones were out already: empty rows fill them. */
  const gaps: { server: string; server_row: number }[] = [];

  function write(numbers: readonly { server: string; server_row: number }[], acknowledged: string): Buffer {
    const received_at = new Date(nowMs()).toISOString();
    const rows = numbers.map(
      (number, i): LedgerRow => ({
        page: ledgerPage,
        event: ledgerEvent,
        received_at,
        ...number,
        acknowledged: i === 0 ? acknowledged : '',
      }),
    );
    return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }

  return {
    open() {
      const server = `${run}.${queues++}`;
      let next = 0;
      return {
        line(acknowledged) {
          const server_row = next++;
          const filled = gaps.splice(0);
          return {
            data: write([{ server, server_row }, ...filled], acknowledged.join(' ')),
            giveBack() {
              gaps.push(...filled);
              if (server_row === next - 1) next = server_row;
              else gaps.push({ server, server_row });
            },
          };
        },
      };
    },
  };
}
