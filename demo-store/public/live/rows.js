import { duration, shortKey, shortShard, timeParts } from './words.js';

const steps = ['received', 'in_stream', 'in_object'];
const maxRows = 200;
const maxOwnRows = 100;
const maxGone = 4000;

function cell(row, className) {
  const element = document.createElement('td');
  element.className = className;
  row.append(element);
  return element;
}

/** An empty row. Texts are set as text, never as markup. */
function createRow(onOpen) {
  const element = document.createElement('tr');
  const name = cell(element, 'cell-event');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'row-button';
  button.setAttribute('aria-haspopup', 'dialog');
  const page = Object.assign(document.createElement('span'), { className: 'chip' });
  name.append(button, page);
  const item = cell(element, 'cell-item');
  const visitor = cell(element, 'cell-visitor');
  const stepCells = Object.fromEntries(
    steps.map((step) => {
      const td = cell(element, `cell-step step-${step}`);
      const lamp = Object.assign(document.createElement('span'), { className: 'lamp' });
      lamp.setAttribute('aria-hidden', 'true');
      const when = Object.assign(document.createElement('span'), { className: 'when', textContent: '–' });
      const where = Object.assign(document.createElement('span'), { className: 'where' });
      td.append(lamp, when, where);
      return [step, { td, when, where }];
    }),
  );
  element.addEventListener('click', onOpen);
  return { element, button, page, item, visitor, stepCells };
}

/** The steps before this one that are known, nearest first. */
function before(event, step) {
  return steps
    .slice(0, steps.indexOf(step))
    .reverse()
    .map((name) => event.steps[name])
    .find(Boolean);
}

/** When a step was: the time since the step before it, or the time of day. */
function whenOf(event, step) {
  const { at } = event.steps[step];
  const earlier = before(event, step);
  if (earlier) return [`+${duration(at - earlier.at)}`];
  const [seconds, fraction] = timeParts(at);
  return [seconds, Object.assign(document.createElement('span'), { className: 'fraction', textContent: fraction })];
}

/**
 * The table's rows, newest first: one for each event. `matches` says which are shown, `isOwn` which are the
 * visitor's own; `onOpen` gets the event whose row was clicked.
 */
export function createRows(body, { matches, isOwn, onOpen }) {
  const events = new Map();
  /** Events whose rows were removed: their later steps do not bring them back. */
  const gone = new Set();

  function fill(event) {
    const { row, fields } = event;
    row.button.textContent = fields.event || 'no name';
    row.page.textContent = fields.page;
    row.item.textContent = fields.item_name ?? '';
    const own = isOwn(fields);
    row.element.classList.toggle('own', own);
    row.visitor.textContent = own ? 'you' : (fields.visitor_id ?? '').slice(-6);
    row.visitor.title = fields.visitor_id ?? '';
    for (const step of steps) {
      const known = event.steps[step];
      if (!known) continue;
      const { td, when, where } = row.stepCells[step];
      td.classList.add('lit');
      when.replaceChildren(...whenOf(event, step));
      when.title = new Date(known.at).toISOString();
      where.textContent =
        step === 'in_stream' ? shortShard(known.shard_id) : step === 'in_object' ? shortKey(known.key) : '';
      where.title = known.shard_id ?? known.key ?? '';
    }
    if (!event.steps.received && (fields.kind === 'direct' || event.steps.in_object)) {
      // One put straight into the stream is never received; of another the step was before this store's start.
      row.stepCells.received.when.textContent = fields.kind === 'direct' ? 'put straight in' : 'earlier';
    }
    row.element.hidden = !matches(fields);
  }

  /** Puts a step into its event's row; returns undefined when it is there already. */
  function take(step) {
    let event = events.get(step.identity);
    if (!event) {
      if (gone.has(step.identity)) return undefined;
      event = { identity: step.identity, id: step.event_id ?? '', steps: {}, fields: {} };
      event.row = createRow(() => onOpen(event));
      events.set(step.identity, event);
      body.prepend(event.row.element);
    }
    if (event.steps[step.step]) return undefined;
    event.steps[step.step] = step;
    const { step: _step, at: _at, shard_id: _shard, key: _key, ...fields } = step;
    Object.assign(event.fields, fields);
    fill(event);
    if (events.size > maxRows) drop(leastWanted());
    return event;
  }

  /** The oldest that no filter shows and that is not one's own, else the oldest of others, else the oldest. */
  function leastWanted() {
    const all = [...events.values()];
    const own = all.filter(({ fields }) => isOwn(fields));
    if (own.length > maxOwnRows) return own[0];
    const others = all.filter(({ fields }) => !isOwn(fields));
    return others.find(({ row }) => row.element.hidden) ?? others[0] ?? all[0];
  }

  function drop({ identity, row }) {
    row.element.remove();
    events.delete(identity);
    gone.add(identity);
    for (const oldest of gone) {
      if (gone.size <= maxGone) break;
      gone.delete(oldest);
    }
  }

  return {
    take,
    /** Shows and hides after a change of the filters. */
    refilter() {
      for (const { row, fields } of events.values()) row.element.hidden = !matches(fields);
    },
    get shown() {
      let count = 0;
      for (const { row } of events.values()) if (!row.element.hidden) count += 1;
      return count;
    },
  };
}
