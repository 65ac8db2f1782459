import { randomUUID } from 'node:crypto';
import { createRandom, type Random } from '@millrace/kit/seeded-random';
import { uuidV7 } from '@millrace/kit/uuid';
import type { MillraceEvent } from '@millrace/sdk/schema';
import { type Device, devices } from './devices.js';
import { generatorSdk } from './generator-sdk.js';
import { createHeap } from './heap.js';
import type { Step } from './step.js';
import { createTaste, type Taste } from './taste.js';
import { visit } from './visit.js';

/** The shoppers, and the clock of their events. */
export interface ShopperOptions {
  /** The same seed and the same clock give the same events; random. */
  seed?: string | undefined;
  /** How many visits go on at the same time; 10. */
  sessions?: number | undefined;
  /**
   * The clock of the events, in milliseconds since 1970: `Date.now` for traffic that is sent at once. Without it,
   * events carry the shoppers' own time, which passes as they think and starts at `startMs`: for recordings.
   */
  now?: (() => number) | undefined;
  /** When the shoppers' own time starts; now. */
  startMs?: number | undefined;
  /** The shop's address, without a path; https://shop.example. */
  origin?: string | undefined;
}

/** A person's browser, and what the tracker would remember there. */
interface Visitor {
  id: string;
  taste: Taste;
  device: Device;
  userId: string | undefined;
  sessionId: string;
  streamId: string;
  /** Of the stream; -1 before its first event. */
  lastSeq: number;
  /** The stream before this one, until the stream's first event has named it. */
  after: { streamId: string; seq: number } | undefined;
  lastTimeMs: number;
  lastUrl: string | undefined;
}

/** One of the visits that go on at the same time. `dueMs` is in the shoppers' own time. */
interface Slot {
  dueMs: number;
  visitor: Visitor;
  journey: Iterator<Step>;
  step: Step;
}

/** A visit ends after 30 minutes without an event. */
const sessionIdleMs = 30 * 60_000;
/** How many former visitors may come back. The rest are forgotten, which bounds the memory. */
const rememberedVisitors = 2_000;
const referrers: readonly (readonly [weight: number, referrer: string | undefined])[] = [
  [45, undefined],
  [35, 'https://search.example/'],
  [12, 'https://social.example/feed'],
  [8, 'https://news.example/letters/weekend'],
];

/**
 * Synthetic shoppers: endless events of `sessions` visits at a time, in the order in which they happen. Every event
 * fits the schema, every stream has no gap from 0 and names the visitor's stream before it, and every item matches its
 * page.
 */
export function* shoppers(options: ShopperOptions = {}): Generator<MillraceEvent, never> {
  const random = createRandom(options.seed ?? randomUUID());
  const origin = options.origin ?? 'https://shop.example';
  let modelMs = options.startMs ?? Date.now();
  const now = options.now ?? (() => modelMs);
  const former: Visitor[] = [];
  const slots = createHeap<Slot>((slot) => slot.dueMs);

  const enter = (dueMs: number) => {
    let visitor = random.chance(0.3) ? former.shift() : undefined;
    if (visitor === undefined) visitor = newVisitor(random, now());
    else {
      openStream(visitor, random, now());
      visitor.lastUrl = undefined;
    }
    const journey = visit(visitor.taste, random);
    // A visit has at least its landing page.
    slots.push({ dueMs, visitor, journey, step: journey.next().value as Step });
  };

  // People do not all arrive at once.
  for (let i = 0; i < (options.sessions ?? 10); i++) enter(modelMs + (i === 0 ? 0 : random.integer(0, 30_000)));
  for (;;) {
    const slot = slots.pop()!;
    modelMs = Math.max(modelMs, slot.dueMs);
    yield stamp(slot.visitor, slot.step, now(), origin, random);
    const { value, done } = slot.journey.next();
    if (done) {
      former.push(slot.visitor);
      if (former.length > rememberedVisitors) former.shift();
      enter(modelMs + random.integer(2_000, 90_000));
      continue;
    }
    // Some continue in a new tab and close the old one: the stream ends, and the visit does not.
    if (value.event === 'page_view' && random.chance(0.04)) openStream(slot.visitor, random, now());
    slot.step = value;
    slot.dueMs = modelMs + value.thinkMs;
    slots.push(slot);
  }
}

function newVisitor(random: Random, timeMs: number): Visitor {
  return {
    id: uuidV7(timeMs, random.bits),
    taste: createTaste(random),
    device: random.weighted(devices),
    userId: undefined,
    sessionId: uuidV7(timeMs, random.bits),
    streamId: uuidV7(timeMs, random.bits),
    lastSeq: -1,
    after: undefined,
    lastTimeMs: 0,
    lastUrl: undefined,
  };
}

/** A new tab of the same browser. */
function openStream(visitor: Visitor, random: Random, timeMs: number): void {
  visitor.after = { streamId: visitor.streamId, seq: visitor.lastSeq };
  visitor.streamId = uuidV7(timeMs, random.bits);
  visitor.lastSeq = -1;
}

/** Gives a step its identity and its time. Writes field by field, without spreads: load tests run it at full speed. */
function stamp(visitor: Visitor, step: Step, nowMs: number, origin: string, random: Random): MillraceEvent {
  // A clock may be set back; a stream's times do not go back.
  const timeMs = Math.max(nowMs, visitor.lastTimeMs);
  // A visitor who comes back soon enough continues the visit, though in a new tab.
  if (visitor.lastTimeMs > 0 && timeMs - visitor.lastTimeMs > sessionIdleMs)
    visitor.sessionId = uuidV7(timeMs, random.bits);
  visitor.lastTimeMs = timeMs;
  visitor.lastSeq += 1;
  visitor.userId ??= step.userId;
  const url = origin + step.path;
  const event: Partial<MillraceEvent> = {
    event_id: uuidV7(timeMs, random.bits),
    event: step.event,
    page: step.page,
    event_time: new Date(timeMs).toISOString(),
    visitor_id: visitor.id,
    session_id: visitor.sessionId,
    stream_id: visitor.streamId,
    seq: visitor.lastSeq,
  };
  if (visitor.after !== undefined) {
    event.after_stream_id = visitor.after.streamId;
    event.after_seq = visitor.after.seq;
    visitor.after = undefined;
  }
  if (visitor.userId !== undefined) event.user_id = visitor.userId;
  event.os = visitor.device.os;
  event.device = visitor.device.device;
  event.url = url;
  if (step.event === 'page_view') {
    const referrer = visitor.lastUrl ?? random.weighted(referrers);
    if (referrer !== undefined) event.referrer = referrer;
    visitor.lastUrl = url;
  }
  event.title = step.title;
  if (step.item !== undefined) {
    event.item_id = step.item.id;
    event.item_name = step.item.name;
    if (step.quantity !== undefined) event.item_quantity = step.quantity;
    event.item_price = step.item.price;
    event.currency = step.item.currency;
  }
  if (step.orderId !== undefined) event.order_id = step.orderId;
  if (step.properties !== undefined) event.properties = step.properties;
  event.sdk = generatorSdk;
  return event as MillraceEvent;
}
