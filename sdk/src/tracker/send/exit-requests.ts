import { exitBytes } from '../bounds.js';
import { attempt } from '../browser/attempt.js';
import { join } from '../browser/builtins.js';
import { byteLength } from '../browser/byte-length.js';
import { now } from '../browser/time.js';
import type { Batch } from '../queue/batch.js';
import { deltaOf } from './delta.js';
import type { Sender, SenderPorts } from './sender.js';
import { requestOf } from './transport.js';

/**
 * https://developer.mozilla.org/docs/Web/API/Window/fetchLater (Chrome 135). Throws where its share of the 64 KiB is
 * used up.
 */
declare function fetchLater(url: string, init: RequestInit & { activateAfter?: number }): unknown;

/** Requests that outlive the page, as far as the browser's 64 KiB go. */
export interface ExitRequests {
  /** Hands a batch to the browser. False when there is no room. */
  _hand(batch: Batch, isPageGone: boolean): boolean;
  /** Settles when the requests under way are answered. */
  _settled(): Promise<void> | undefined;
  /** The page is back: nothing of ours is under way any more. */
  _reset(): void;
}

/** Hands batches over by `fetchLater`, `sendBeacon` or `fetch` with keepalive, whichever the browser has. */
export function createExitRequests(ports: SenderPorts, sender: Sender): ExitRequests {
  let bytes = 0;
  let settled: Promise<void> | undefined;
  return {
    _hand(batch, isPageGone) {
      const at = now();
      const plain = ports._urlOf(batch, at);
      const envelope = ports._envelope?.();
      const url = envelope ? plain : `${plain}&encoding=delta`;
      const body = envelope ? envelope + join(batch.lines, '\n') : deltaOf(batch.lines);
      if (
        isPageGone &&
        (attempt(() => fetchLater(url, { ...requestOf(body), activateAfter: 0 })) ||
          // A browser without keepalive would end the request with the page.
          (!attempt(() => 'keepalive' in Request.prototype) && attempt(() => navigator.sendBeacon(url, body))))
      )
        return true;
      const size = byteLength(body);
      if (bytes + size > exitBytes) return false;
      bytes += size;
      const earlier = settled;
      const wait = async () => {
        const answer = await ports._post(url, body, true);
        bytes -= size;
        // No answer says nothing about the server: the browser may have had no room.
        if (answer.status) sender._settle(batch, answer, at);
        await earlier;
      };
      settled = wait();
      return true;
    },
    _settled: () => settled,
    _reset() {
      bytes = 0;
      settled = undefined;
    },
  };
}
