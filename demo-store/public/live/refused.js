const maxRows = 50;

/** Where a refused event is, by the last step that is known. */
const places = { received: 'on its way', in_stream: 'in the stream', in_object: 'in quarantine' };
const placeOf = ({ steps, fields }) =>
  fields.kind === 'unkept'
    ? 'not kept: too many of its batch'
    : places[['in_object', 'in_stream', 'received'].find((step) => steps[step])];

function createRow(onOpen) {
  const element = document.createElement('tr');
  const cells = Array.from({ length: 5 }, () => element.insertCell());
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'row-button';
  button.setAttribute('aria-haspopup', 'dialog');
  cells[0].append(button);
  cells[1].className = 'cell-path';
  cells[3].className = 'cell-raw';
  cells[4].className = 'cell-place';
  element.addEventListener('click', onOpen);
  return { element, button, cells };
}

/**
 * The lane of refused events, newest first: code, place in the event, reason, text as sent, and where it is. Texts are
 * set as text, never as markup. `matches` says which are shown; `onOpen` gets the event whose row was clicked.
 */
export function createRefused(section, { matches, onOpen }) {
  const body = section.querySelector('[data-refused-rows]');
  const events = new Map();

  function fill(event) {
    const { row, fields } = event;
    const [, path, why, raw, place] = row.cells;
    row.button.textContent = fields.code || 'refused';
    path.textContent = fields.path || '–';
    why.textContent = fields.reason ?? '';
    raw.textContent = fields.raw ?? '';
    for (const cell of [path, why, raw]) cell.title = cell.textContent;
    place.textContent = placeOf(event);
    row.element.hidden = !matches(fields);
  }

  function show() {
    section.hidden = ![...events.values()].some(({ row }) => !row.element.hidden);
  }

  return {
    /** Puts a step into its event's row; returns undefined when it is there already. */
    take(step) {
      let event = events.get(step.identity);
      if (!event) {
        event = { identity: step.identity, id: step.event_id ?? '', steps: {}, fields: {} };
        event.row = createRow(() => onOpen(event));
        events.set(step.identity, event);
        body.prepend(event.row.element);
      }
      if (event.steps[step.step]) return undefined;
      event.steps[step.step] = step;
      const { step: _step, at: _at, shard_id: _shard, key: _key, ...fields } = step;
      // The server's own words stay: the row in quarantine has them in one text.
      event.fields = { ...fields, ...event.fields };
      fill(event);
      if (events.size > maxRows) {
        const [oldest, { row }] = events.entries().next().value;
        row.element.remove();
        events.delete(oldest);
      }
      show();
      return event;
    },
    /** Shows and hides after a change of the filters. */
    refilter() {
      for (const { row, fields } of events.values()) row.element.hidden = !matches(fields);
      show();
    },
  };
}
