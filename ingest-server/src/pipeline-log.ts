import type { CrashReport } from './core/delivery/crash-recovery.js';
import type { DeliveryHooks } from './core/delivery/delivery-hooks.js';
import type { Spool } from './core/delivery/spool.js';
import type { Log } from './log.js';
import type { SpoolReport } from './spool/spool-report.js';

/** Logs what happens to the spool. */
export const logSpool = (log: Log): SpoolReport => ({
  damaged: (found) => log.error('set aside a spool entry that was damaged on disk; the rest is delivered', found),
  torn: (found) => log.warn('cut off an unfinished, unacknowledged write at the end of the spool', found),
  failed: (error) => log.error('cannot write the spool', { error: error.message }),
});

/** Logs that damaged entries wait for a person. */
export async function logAside(log: Log, spool: Pick<Spool, 'asideBytes'>, folder: string): Promise<void> {
  const bytes = await spool.asideBytes();
  if (bytes > 0)
    log.error(
      'damaged entries are set aside: millrace spool ls lists them, millrace spool drain brings back what can be read',
      { folder, bytes },
    );
}

/** Logs outages of the stream, and when the spool is used. */
export const logDelivery = (log: Log, stream: string): DeliveryHooks => ({
  kinesis({ state, code, message }) {
    if (state === 'up') log.info('the stream takes events', { stream });
    else log.warn('the stream does not take events: they go to the spool', { stream, code, reason: message });
  },
  spool(inUse) {
    log[inUse ? 'warn' : 'info'](inUse ? 'the spool is in use' : 'the spool is empty');
  },
  spoolUnreadable: (error) => log.error('cannot read the spool, retrying', { error: error.message }),
});

/** Logs what crash recovery found. */
export const logCrashRecovery =
  (log: Log) =>
  ({ events, spooledEvents, error }: CrashReport): void => {
    if (error !== undefined) {
      log.warn('crash recovery could not read the stream: some events of the spool may be put twice', {
        reason: error.message,
      });
      return;
    }
    log.info('crash recovery is done: the process before this one was killed', {
      in_stream: events,
      of_these_in_spool: spooledEvents,
    });
  };
