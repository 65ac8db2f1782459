import type { LiveStep } from '../live-feed.js';
import { createPassedOver } from './passed-over.js';
import { identityOf, type ShownStep, type StepName, shownStep } from './shown-step.js';
import { createTokenBucket } from './token-bucket.js';

/** An event that the live view shows: the steps so far, and its JSON line while it is kept. */
export interface FollowedEvent {
  steps: Partial<Record<StepName, ShownStep>>;
  line?: string;
}

/** See `liveLimits`. */
export interface FollowLimits {
  newEventsPerSecond: number;
  newEventsBurst: number;
  ownEventsPerSecond: number;
  ownEventsBurst: number;
  followedEvents: number;
  lineCharacters: number;
  lineLength: number;
}

/** The fields of an event's first step that all its steps have. */
function firstOf({ steps }: FollowedEvent): ShownStep {
  const { shard_id: _shard, key: _key, ...fields } = Object.values(steps)[0]!;
  return fields;
}

const whereOf = ({ step, at, shard_id, key }: LiveStep) => ({
  step,
  at,
  ...(shard_id === undefined ? {} : { shard_id }),
  ...(key === undefined ? {} : { key }),
});

/**
 * Chooses the events that the live view shows, and follows each through its steps. It chooses once, at an event's first
 * step, so that every shown event shows all its steps. It does no I/O and keeps no more than its limits.
 * @param now milliseconds since 1970
 */
export function createFollowedEvents(limits: FollowLimits, now: () => number) {
  const events = new Map<string, FollowedEvent>();
  const passedOver = createPassedOver();
  const anyone = createTokenBucket({ perSecond: limits.newEventsPerSecond, burst: limits.newEventsBurst }, now);
  const own = createTokenBucket({ perSecond: limits.ownEventsPerSecond, burst: limits.ownEventsBurst }, now);
  /** Ids whose lines are kept, oldest first. */
  const withLine = new Set<string>();
  let characters = 0;
  let chosen = 0;
  let notShown = 0;

  function forgetLine(id: string, event: FollowedEvent): void {
    characters -= event.line?.length ?? 0;
    delete event.line;
    withLine.delete(id);
  }

  function keepLine(id: string, event: FollowedEvent, makeLine: LiveStep['line']): void {
    if (makeLine === undefined || event.line !== undefined) return;
    const line = makeLine();
    if (line.length > limits.lineLength) return;
    event.line = line;
    withLine.add(id);
    characters += line.length;
    for (const oldest of withLine) {
      if (characters <= limits.lineCharacters) return;
      forgetLine(oldest, events.get(oldest)!);
    }
  }

  function follow(id: string): FollowedEvent {
    const event: FollowedEvent = { steps: {} };
    events.set(id, event);
    chosen += 1;
    for (const [oldest, old] of events) {
      if (events.size <= limits.followedEvents) break;
      forgetLine(oldest, old);
      events.delete(oldest);
      // Its next step must not start it again.
      passedOver.add(oldest);
    }
    return event;
  }

  return {
    /** The step to show; undefined when the event is not shown, or the step was shown before. */
    take(step: LiveStep, isOwn: boolean): ShownStep | undefined {
      // Most steps of a busy hour end in the next lines, so these allocate nothing.
      const id = identityOf(step);
      if (id === '') return undefined;
      let event = events.get(id);
      if (event === undefined) {
        // An object holds what was in the stream: an event first seen here was passed over, longer ago than remembered.
        if (step.step === 'in_object' || passedOver.has(id)) return undefined;
        if (step.isBrief || (!(isOwn && own.take()) && !anyone.take())) {
          passedOver.add(id);
          notShown += 1;
          return undefined;
        }
        event = follow(id);
      }
      keepLine(id, event, step.line);
      if (event.steps[step.step]) return undefined;
      const shown = shownStep(step.isBrief ? { ...firstOf(event), ...whereOf(step) } : step);
      event.steps[shown.step] = shown;
      return shown;
    },

    find(id: string): FollowedEvent | undefined {
      return events.get(id);
    },

    /** The steps of the newest events, whole events only, at most `max` steps, oldest event first. */
    latest(max: number): ShownStep[] {
      const all = [...events.values()];
      const replay: ShownStep[][] = [];
      let count = 0;
      for (let index = all.length - 1; index >= 0; index -= 1) {
        const steps = Object.values(all[index]!.steps);
        if (count + steps.length > max) break;
        count += steps.length;
        replay.push(steps);
      }
      return replay.reverse().flat();
    },

    /** The number of events chosen since the start. */
    get chosen() {
      return chosen;
    },
    /** The number of events passed over since the start, because there were too many to follow. */
    get notShown() {
      return notShown;
    },
    get kept() {
      return { events: events.size, lineCharacters: characters };
    },
  };
}
