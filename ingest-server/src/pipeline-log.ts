import type { CrashReport } from './core/delivery/crash-recovery.js';
import type { DeliveryHooks } from './core/delivery/delivery-hooks.js';
import type { Log } from './log.js';
import type { SpoolReport } from './spool/spool-report.js';

/** Logs what happens to the spool. */
export const logSpool = (log: Log): SpoolReport => ({
  damaged: (found) => log.error('a spool entry was damaged on disk and is set aside; the rest is delivered', found),
  torn: (found) => log.warn('the last write of the spool was never finished, nor acknowledged: cut off', found),
  failed: (error) => log.error('the spool could not be written', { error: error.message }),
});

/** Logs outages of the stream, and when the spool is used. */
export const logDelivery = (log: Log, stream: string): DeliveryHooks => ({
  kinesis({ state, code, message }) {
    if (state === 'up') log.info('the stream takes events', { stream });
    else log.warn('the stream does not take events: they go to the spool', { stream, code, reason: message });
  },
  spool(inUse) {
    log[inUse ? 'warn' : 'info'](inUse ? 'the spool is in use' : 'the spool is empty');
  },
  spoolUnreadable: (error) => log.error('the spool could not be read; trying again', { error: error.message }),
});

/** Logs what crash recovery found. */
export const logCrashRecovery =
  (log: Log) =>
  ({ events, spooledEvents, error }: CrashReport): void => {
    if (error !== undefined) {
      log.warn('the process before this one was killed, and what it had begun to put is put again', {
        reason: error.message,
      });
      return;
    }
    log.info('the process before this one was killed: what it had begun to put is known', {
      in_stream: events,
      of_these_in_spool: spooledEvents,
    });
  };
