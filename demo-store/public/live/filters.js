/** The choices above the table. The lists collect the names seen, up to a bound, because anyone can send names. */
const maxNames = 100;

export function createFilters(form, { visitorId, onChange }) {
  const controls = Object.fromEntries(
    [...form.querySelectorAll('[data-filter]')].map((each) => [each.dataset.filter, each]),
  );
  const names = { page: new Set(), event: new Set(), site: new Set() };
  controls.mine.checked = new URLSearchParams(location.search).has('mine');
  form.addEventListener('change', onChange);
  form.addEventListener('submit', (event) => event.preventDefault());

  function learn(kind, name) {
    if (!name || names[kind].has(name) || names[kind].size >= maxNames) return;
    names[kind].add(name);
    const option = new Option(name, name);
    const after = [...controls[kind].options].slice(1).find(({ value }) => value > name);
    controls[kind].insertBefore(option, after ?? null);
  }

  /** By whose event it is. What does not say whether a bot sent it stays. */
  function isWanted(fields) {
    const { site, mine, people } = controls;
    return (
      (!site.value || fields.site === site.value) &&
      (!people.checked || fields.is_bot !== true) &&
      (!mine.checked || (fields.visitor_id !== undefined && fields.visitor_id === visitorId()))
    );
  }

  return {
    learn(fields) {
      // A refused event has the names of the quarantine.
      if (fields.code === undefined) {
        learn('page', fields.page);
        learn('event', fields.event);
      }
      learn('site', fields.site);
    },
    matches(fields) {
      const { page, event } = controls;
      return (
        (!page.value || fields.page === page.value) &&
        (!event.value || fields.event === event.value) &&
        isWanted(fields)
      );
    },
    /** A refused event has no page and no event that anyone has read. */
    matchesRefused: isWanted,
    get mine() {
      return controls.mine.checked;
    },
  };
}
