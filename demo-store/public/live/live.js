import { connect } from './connection.js';
import { createDetail } from './detail.js';
import { createFilters } from './filters.js';
import { createRefused } from './refused.js';
import { createRows } from './rows.js';
import { createStations } from './stations.js';
import { visitorId } from './visitor.js';
import { rate } from './words.js';

const find = (name) => document.querySelector(`[data-${name}]`);
const heldMax = 600;

const stations = createStations(document);
const detail = createDetail(find('detail'));
const filters = createFilters(find('filters'), { visitorId, onChange: refilter });
const rows = createRows(find('rows'), {
  matches: filters.matches,
  isOwn: ({ visitor_id }) => visitor_id !== undefined && visitor_id === visitorId(),
  onOpen: detail.open,
});
const refused = createRefused(find('refused'), { matches: filters.matchesRefused, onOpen: detail.open });
const states = { connecting: 'Connecting …', open: 'Connected', lost: 'Connection lost, trying again …' };

let paused = false;
/** Steps that came during a pause; the oldest go first. */
let held = [];
/** The server's clock minus this machine's. */
let clockOffset = 0;
let framed = false;
let waiting = [];

function showWaiting() {
  find('waiting').hidden = rows.shown > 0;
}

function refilter() {
  rows.refilter();
  refused.refilter();
  const note = find('mine-note');
  note.hidden = !filters.mine || visitorId() !== undefined;
  note.textContent =
    'This browser has no visitor id at this address. Open the shop here once, with the tracker allowed, and come back.';
  showWaiting();
}

const isRefused = ({ kind }) => kind === 'refused' || kind === 'unkept';

function apply(steps) {
  for (const step of steps) {
    filters.learn(step);
    const event = (isRefused(step) ? refused : rows).take(step);
    if (event) detail.update(event);
  }
  showWaiting();
}

/** Applies many messages in one frame. */
function schedule(steps) {
  // A hidden tab gets no frames, so what waits is bounded, as in a pause.
  waiting = [...waiting, ...steps].slice(-heldMax);
  if (framed) return;
  framed = true;
  requestAnimationFrame(() => {
    framed = false;
    const batch = waiting;
    waiting = [];
    apply(batch);
  });
}

function onMessage({ steps = [], counts }) {
  clockOffset = counts.at - Date.now();
  stations.take(counts);
  if (!paused) return schedule(steps);
  held = [...held, ...steps].slice(-heldMax);
  showPause();
}

function showPause() {
  const button = find('pause');
  button.setAttribute('aria-pressed', String(paused));
  const events = new Set(held.map(({ identity }) => identity)).size;
  button.textContent = paused ? (events > 0 ? `Go on (${events} waiting)` : 'Go on') : 'Pause';
}

find('pause').addEventListener('click', () => {
  paused = !paused;
  if (!paused) {
    schedule(held);
    held = [];
  }
  showPause();
});

function showSampling() {
  const { shownPerSecond, notShownPerSecond } = stations;
  const text = find('sampling');
  const sampling = notShownPerSecond > 0;
  text.classList.toggle('is-sampling', sampling);
  text.textContent = sampling
    ? `Sampling: showing ${rate(shownPerSecond)} of ${rate(shownPerSecond + notShownPerSecond)} events a second; all are counted.`
    : 'Showing every event.';
}

setInterval(() => {
  stations.tick(Date.now() + clockOffset);
  showSampling();
}, 1000);
showSampling();
refilter();

// With the visitor's id, the server shows their events however busy it is.
const visitorQuery = () => (visitorId() === undefined ? '' : `?visitor=${encodeURIComponent(visitorId())}`);
connect(() => `/live/events${visitorQuery()}`, {
  onMessage,
  onState(state) {
    find('connection').textContent = states[state];
    find('connection').dataset.state = state;
  },
});
