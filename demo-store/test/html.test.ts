import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeHtml, html, trustedMarkup } from '../src/html/html.js';

const decode = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

test('a value never adds markup, and is read back as it was', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('<script>', '"><img onerror=', "'&amp;'")), (value) => {
      const { markup } = html`<p title="${value}">${[value, [value]]}</p>`;
      const inside = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/s.exec(markup);
      expect(inside).not.toBeNull();
      expect(decode(inside![1]!)).toBe(value);
      expect(decode(inside![2]!)).toBe(value + value);
    }),
  );
});

test('templates within templates are not escaped twice, and nothing is written for what is not there', () => {
  expect(html`<b>${html`<i>${'&'}</i>`}</b>${null}${undefined}${false}${0}`.markup).toBe('<b><i>&amp;</i></b>0');
  expect(html`${trustedMarkup('<g/>')}`.markup).toBe('<g/>');
  expect(escapeHtml(`<&>"'`)).toBe('&lt;&amp;&gt;&quot;&#39;');
});
