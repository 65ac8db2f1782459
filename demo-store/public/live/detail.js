import { duration, time } from './words.js';

const names = { received: 'Received', in_stream: 'In the stream', in_object: 'In an object' };
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The command that finds the event. Anyone can send an id, and people paste commands into shells: only a UUID gets a
 * command.
 */
export function queryFor(eventId, view = 'events') {
  return uuid.test(eventId) ? `./millrace query "select * from ${view} where event_id = '${eventId}'"` : undefined;
}

/** The line as indented JSON; as it is when it is not JSON. */
function pretty(line) {
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
}

/** Shows one event: its steps with places and times, the query, the JSON as the server has it. */
export function createDetail(dialog) {
  const find = (name) => dialog.querySelector(`[data-detail-${name}]`);
  let openIdentity;

  function showSteps(steps) {
    const known = Object.keys(names).flatMap((step) => steps[step] ?? []);
    find('steps').replaceChildren(
      ...known.flatMap((step, index) => {
        const term = Object.assign(document.createElement('dt'), { textContent: names[step.step] });
        const detail = document.createElement('dd');
        const delay = index > 0 ? ` (+${duration(step.at - known[index - 1].at)})` : '';
        detail.textContent = `${time(step.at)}${delay}`;
        const place = step.key ?? step.shard_id;
        if (place)
          detail.append(
            document.createElement('br'),
            Object.assign(document.createElement('code'), { textContent: place }),
          );
        return [term, detail];
      }),
    );
  }

  async function line(identity) {
    const response = await fetch(`/live/event?identity=${encodeURIComponent(identity)}`);
    if (!response.ok) return undefined;
    return (await response.json()).line ?? undefined;
  }

  dialog.querySelector('[data-copy]').addEventListener('click', async ({ target }) => {
    try {
      await navigator.clipboard.writeText(find('query').textContent);
      target.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(find('query'));
      target.textContent = 'Selected';
    }
    setTimeout(() => {
      target.textContent = 'Copy';
    }, 1500);
  });
  // A click on the backdrop.
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });

  return {
    async open({ identity, id, steps, fields }) {
      openIdentity = identity;
      const isRefused = fields.code !== undefined;
      find('heading').textContent = isRefused ? `refused: ${fields.code}` : `${fields.event} · ${fields.page}`;
      showSteps(steps);
      find('reason').hidden = !isRefused;
      find('reason').textContent = isRefused ? `${fields.path || 'the event'}: ${fields.reason ?? ''}` : '';
      find('what').textContent = isRefused ? 'As it was sent' : 'The event';
      const query = fields.kind === 'unkept' ? undefined : queryFor(id, isRefused ? 'quarantine' : 'events');
      find('query').textContent =
        query ??
        (fields.kind === 'unkept'
          ? 'It is not in the lake: its batch had more refused events than the quarantine takes of one.'
          : 'Its event_id is not a UUID, so there is no command to paste.');
      dialog.querySelector('[data-copy]').hidden = !query;
      find('json').textContent = 'Loading …';
      dialog.showModal();
      const whole = await line(identity).catch(() => undefined);
      if (openIdentity !== identity) return;
      find('json').textContent =
        whole === undefined
          ? `${JSON.stringify(fields, null, 2)}\n\nThe whole line is not kept here (any more).`
          : pretty(whole);
    },
    /** Another step of the event that is open. */
    update({ identity, steps }) {
      if (dialog.open && identity === openIdentity) showSteps(steps);
    },
  };
}
