import { type Envelope, envelopeOf, firstLine, maxEnvelopeBytes } from '../../core/intake/envelope.js';
import { isZipped, unzippedHead } from '../../core/intake/unzip.js';
import type { Gate } from '../../http/read-body.js';

/**
 * Lets a body through by its envelope. Until then no more of it is kept than its first KiB and what came with that, so
 * a request without a key costs little. `admit` gets the envelope, or undefined where there is none, and throws the
 * refusal.
 */
export function createEnvelopeGate(admit: (envelope: Envelope | undefined) => void): Gate {
  function decide(head: Buffer, isWhole: boolean): boolean {
    const line = firstLine(head, isWhole);
    if (line === undefined) return false;
    admit(envelopeOf(line));
    return true;
  }

  return (head, isWhole) => {
    if (!isZipped(head)) return decide(head, isWhole);
    if (!isWhole && head.length < maxEnvelopeBytes) return false;
    const zipped = head.subarray(0, maxEnvelopeBytes);
    return unzippedHead(zipped, maxEnvelopeBytes).then((text) => decide(text, true));
  };
}
