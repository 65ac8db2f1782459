import { describe, expect, test } from '@jest/globals';
import { anyCharacter } from '@millrace/testing/any-character';
import { someEvent } from '@millrace/testing/event';
import fc from 'fast-check';
import {
  checkEvent,
  fileUnderOther,
  isSlug,
  measureEvent,
  nameAsSent,
  nameOf,
  plainLetters,
  type StoredEvent,
  storedEventSchema,
} from '../src/schema/index.js';

const event = someEvent({ sdk: 'millrace-js/0.1.0' });

describe('the name under which a page or event travels', () => {
  test.each([
    ['a slug stays', 'liked_item', 'liked_item'],
    ['a slug with a trailing _', 'a_', 'a_'],
    ['a slug that objects have as a member', 'constructor', 'constructor'],
    ['another', '__proto__', 'proto'],
    ['capitals, spaces, punctuation', ' Clicked Review! ', 'clicked_review'],
    ['hyphens and dots', 'checkout-step.2', 'checkout_step_2'],
    ['leading digits', '2024-sale', 'sale'],
    ['French', 'Électronique & cætera', 'electronique_caetera'],
    ['Danish', 'Køb nu på Ærø', 'kob_nu_pa_aero'],
    ['German', 'Größe ẞ', 'grosse_ss'],
    ['Polish', 'Kup Łóżko', 'kup_lozko'],
    ['Turkish', 'Satın Al İndirim', 'satin_al_indirim'],
    ['Vietnamese', 'Đặt hàng', 'dat_hang'],
    ['Icelandic without ð', 'Þjónusta', 'thjonusta'],
    ['combining marks', 'cafe\u0301 n\u0303', 'cafe_n'],
    ['other spellings of Latin letters', 'ﬁne Ｗｉｄｅ ² ™', 'fine_wide_2_tm'],
    ['emoji beside letters', 'liked ❤️', 'liked'],
    ['half of a surrogate pair beside letters', 'a\ud800b', 'a_b'],
    ['300 letters', 'Ab'.repeat(150), 'ab'.repeat(24)],
    ['a cut at a space', `${'x'.repeat(47)} y`, 'x'.repeat(47)],
  ])('%s: %s becomes %s', (_, text, slug) => expect(nameOf(text)).toBe(slug));

  test.each([
    ['Japanese', '購入'],
    ['Japanese with marks that decompose', 'ガギグ'],
    ['Chinese beside Latin', 'VIP 会员'],
    ['Korean', '구매'],
    ['Cyrillic', 'Оформить заказ'],
    ['Cyrillic letters that look Latin', 'сор'],
    ['Greek', 'Αγορά'],
    ['Arabic', 'شراء'],
    ['Arabic digits', 'step ٣'],
    ['Hebrew', 'קנייה'],
    ['Hindi', 'ख़रीदें'],
    ['Thai', 'ซื้อ'],
    ['Icelandic with ð', 'með'],
    ['emoji', '👍🏽'],
    ['digits', '42'],
    ['punctuation', '!!!'],
    ['the server’s names in another script', '_購入'],
    ['control characters between letters', '購\u0000入'],
  ])('%s: %s travels whole', (_, text) => expect(nameOf(text)).toBe(text));

  test('whole means 200 characters, without the spaces around them; only an empty text is no name', () => {
    expect(nameOf(`  購入\n`)).toBe('購入');
    expect(nameOf('購'.repeat(300))).toBe('購'.repeat(200));
    expect(nameOf('😀'.repeat(300))).toBe('😀'.repeat(200));
    expect(nameOf(' \t ')).toBe(' \t ');
    expect(nameOf('')).toBe('');
  });

  test('the small table has the letters that Unicode does not decompose, and no two of its ways differ', () => {
    for (const [letter, plain] of Object.entries(plainLetters)) {
      expect(letter.normalize('NFKD')).toBe(letter);
      expect(nameOf(`x${letter}x`)).toBe(`x${plain}x`);
      expect(nameOf(`x${letter.toUpperCase()}x`)).toBe(letter === 'ı' ? 'xix' : `x${plain}x`);
    }
  });

  test('of any text: a slug, or the text; never nothing; and what travels is a name that does not change again', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, minLength: 1, maxLength: 250 }), (text) => {
        const name = nameOf(text);
        expect(name).not.toBe('');
        if (!isSlug(name)) expect((text.trim() || text).startsWith(name)).toBe(true);
        expect(nameOf(name)).toBe(name);
      }),
    );
  });
});

/** Names that are no slugs, for whoever sends without a tracker. */
const strange = [
  '購入',
  'Liked Item',
  'a/../b',
  '/',
  '',
  '_quarantine',
  '_other',
  '__proto__',
  ' ',
  '\u0000\n\u007f',
  '\ud800',
  'x\udc00',
  '👍',
  'ß',
  'x'.repeat(49),
  '購'.repeat(300),
  '😀'.repeat(300),
  '"\\',
];

describe('no event is refused for its name', () => {
  test.each(strange.filter((name) => name !== ''))('%j: the schema takes it, and both checks agree', (name) => {
    for (const one of [
      { ...event, event: name },
      { ...event, page: name },
    ]) {
      expect(checkEvent(one).refusal).toBeUndefined();
      expect(measureEvent(one)).toBeGreaterThan(0);
    }
  });

  test.each(strange.filter((name) => name !== ''))(
    '%j: filed under _other it is an event of the lake, with its name kept',
    (name) => {
      const stored: StoredEvent = { ...event, event: name, page: name };
      const kept = [fileUnderOther(stored, 'event'), fileUnderOther(stored, 'page')];
      expect(stored).toEqual({
        ...event,
        event: '_other',
        page: '_other',
        event_as_sent: kept[0],
        page_as_sent: kept[1],
      });
      expect(storedEventSchema.safeParse(stored).error).toBeUndefined();
      expect(kept).toEqual([nameAsSent(name), nameAsSent(name)]);
    },
  );

  test('the lake keeps 200 characters, all of which a reader can show', () => {
    expect(nameAsSent('購\u0000\n入\ud800')).toBe('購\ufffd\ufffd入\ufffd');
    for (const name of ['購入', 'Liked Item', '_other', ' ', '😀'.repeat(200)]) expect(nameAsSent(name)).toBe(name);
    expect(nameAsSent('😀'.repeat(300))).toBe('😀'.repeat(200));
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 250 }), (text) => {
        expect(nameAsSent(text)).toMatch(/^[^\p{Cc}\p{Cs}]{0,200}$/u);
      }),
    );
  });

  test.each([[''], [7], [null], [undefined], [['x']]])('what is no name at all is refused: %j', (name) => {
    expect(checkEvent({ ...event, event: name }).refusal?.path).toBe('/event');
    expect(checkEvent({ ...event, page: name }).refusal?.path).toBe('/page');
  });
});
