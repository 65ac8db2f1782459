/** Markup that is safe to send: only `html` makes it out of text, and it escapes what it is given. */
export interface Html {
  readonly markup: string;
}

export type HtmlValue = Html | string | number | false | null | undefined | readonly HtmlValue[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

function markupOf(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map(markupOf).join('');
}

/**
 * A template whose values are escaped, for text and for attributes in double quotes: `` html`<p title="${title}">${text}</p>` ``.
 * Lists are joined; `false`, `null` and `undefined` leave nothing. Not for the inside of `<script>` and `<style>`, which no page here has.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = parts[0] as string;
  values.forEach((value, index) => {
    markup += markupOf(value) + parts[index + 1];
  });
  return { markup };
}

/** Vouches for markup that was written in this repository. Never for anything that came from outside. */
export function trustedMarkup(markup: string): Html {
  return { markup };
}
