import { identityText, type MillraceEvent } from '@millrace/sdk/schema';
import { parseRecorded } from './parse-recorded.js';
import { recordingLines } from './recording-lines.js';

/**
 * The events of recordings, one file after the other. `refuse` hears of each line that is not an event:
 * `sessions.jsonl:12: /item_quantity: …`; it may throw to end the reading.
 * @throws MillraceError `FILE_UNREADABLE`, and what `refuse` throws
 */
export async function* recordedEvents(
  paths: readonly string[],
  refuse: (reason: string) => void,
): AsyncGenerator<MillraceEvent> {
  for (const path of paths) {
    for await (const { file, number, text } of recordingLines(path)) {
      const { event, refusal } = parseRecorded(text);
      if (event) yield event;
      else refuse(`${file}:${number}: ${refusal.path === '' ? '' : `${refusal.path}: `}${refusal.message}`);
    }
  }
}

/**
 * Leaves out an event that has come before, with the same id, stream and number: a lake keeps copies that arrived
 * twice, and under new ids they would become events of their own. Remembers every identity, about 150 bytes an event.
 */
export async function* withoutRepetitions(
  events: AsyncIterable<MillraceEvent> | Iterable<MillraceEvent>,
  onRepetition: () => void = () => {},
): AsyncGenerator<MillraceEvent> {
  const seen = new Set<string>();
  for await (const event of events) {
    const identity = identityText(event);
    if (seen.has(identity)) onRepetition();
    else {
      seen.add(identity);
      yield event;
    }
  }
}
