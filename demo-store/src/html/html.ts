/** Markup that is safe to send. `html` makes it, and escapes its values. */
export interface Html {
  readonly markup: string;
}

/** A value of an `html` template. */
export type HtmlValue = Html | string | number | false | null | undefined | readonly HtmlValue[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for elements, and for attributes in quotes. */
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
 * A template that escapes its values, in text and in attributes in double quotes: `` html`<p
 * title="${title}">${text}</p>` ``. It joins lists; `false`, `null` and `undefined` leave nothing. Do not use it inside
 * `<script>` and `<style>`.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = parts[0] as string;
  values.forEach((value, index) => {
    markup += markupOf(value) + parts[index + 1];
  });
  return { markup };
}

/** Markup that is written in this repository. Never pass anything that came from outside. */
export function trustedMarkup(markup: string): Html {
  return { markup };
}
