import type { DuckDBConnection } from '@duckdb/node-api';
import { text } from '@millrace/kit/sql-text';
import { ledgerPage } from '@millrace/sdk/schema';
import type { EventFilter } from '../lake.js';

/** Holds for the rows that the filter wants. The ledger is of all sites. */
export const isWanted =
  `page = ${text(ledgerPage)} OR ((getvariable('wanted_site') IS NULL OR site = getvariable('wanted_site')) ` +
  `AND (getvariable('wanted_bots') IS NULL OR try_cast(is_bot AS BOOLEAN) IS NOT TRUE))`;

/** Sets what `isWanted` asks for, before the query is bound. */
export async function setFilter(connection: DuckDBConnection, { site, bots }: EventFilter): Promise<void> {
  if (site !== undefined) await connection.run(`SET VARIABLE wanted_site = ${text(site)}`);
  if (bots === false) await connection.run('SET VARIABLE wanted_bots = false');
}
