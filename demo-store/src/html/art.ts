import type { Department } from '../items/index.js';
import { type Html, html, trustedMarkup } from './html.js';

/*
 * The pictures: flat drawings on a 200 × 200 board. Classes stand for colours (a, b, c: fills; l: line), which each
 * department's style gives, in the light and in the dark. Attributes only: the policy allows no inline style.
 */
const book = (cover: string) =>
  `<path class="b" d="M48 30h98a10 10 0 0 1 10 10v132H58a14 14 0 0 1-14-14V34a4 4 0 0 1 4-4z"/>
   <path class="c" d="M58 150h98v16H58a8 8 0 0 1 0-16z"/>
   <path class="a" d="M44 34a4 4 0 0 1 4-4h98a10 10 0 0 1 10 10v106H58a14 14 0 0 0-14 12z"/>${cover}`;

const drawings: Record<string, string> = {
  11: `<path class="b" d="M66 62 34 128l20 10 18-34z"/><path class="b" d="m134 62 32 66-20 10-18-34z"/>
    <path class="a" d="M72 56h56l20 118H52z"/><path class="b" d="M72 60c0-40 56-40 56 0l-28 22z"/>
    <path class="c" d="M84 58c0-22 32-22 32 0l-16 12z"/><path class="l" d="M100 82v92"/>
    <circle class="c" cx="108" cy="100" r="4"/><circle class="c" cx="108" cy="124" r="4"/><circle class="c" cx="108" cy="148" r="4"/>
    <path class="l" d="M64 140h22M114 140"/>`,
  12: `<path class="b" d="M98 36h42v78l26 22c16 14 2 36-18 30l-42-16a20 20 0 0 1-12-18z"/><path class="c" d="M98 36h42v18H98z"/>
    <path class="a" d="M44 42h42v78l26 22c16 14 2 36-18 30l-42-16a20 20 0 0 1-12-18z"/><path class="c" d="M44 42h42v18H44z"/>
    <path class="l" d="M43 76h43M43 92h43"/>`,
  13: `<path class="a" d="M38 122c0-74 112-78 116-4z"/><path class="b" d="M92 120c36-14 84-10 92 12-26-10-64-8-92 4z"/>
    <path class="l" d="M96 66c-14 14-18 34-18 54M98 66c12 12 18 30 18 50"/><circle class="c" cx="97" cy="64" r="6"/>
    <path class="b" d="M38 120h78v14H38z"/>`,
  21: `<path class="a" d="M56 52h88v108a12 12 0 0 1-12 12H68a12 12 0 0 1-12-12z"/><path class="b" d="m56 52 8-22h72l8 22z"/>
    <path class="c" d="M72 86h56v56H72z"/><ellipse class="b" cx="100" cy="114" rx="15" ry="20" transform="rotate(28 100 114)"/>
    <path class="l" d="M108 98c-14 8-2 22-16 32"/><path class="l" d="M64 40h72"/>`,
  22: `<path class="b" d="M64 36h72v22H64z"/><path class="a" d="M58 66h84l10 16v72a18 18 0 0 1-18 18H66a18 18 0 0 1-18-18V82z"/>
    <path class="c" d="m100 92 24 14v28l-24 14-24-14v-28z"/><path class="b" d="m100 104 14 8v16l-14 8-14-8v-16z"/><path class="l" d="M58 66h84"/>`,
  23: `<path class="b" d="M88 22h24v30H88z"/><path class="a" d="M88 48h24c0 18 20 24 20 44v68a12 12 0 0 1-12 12H80a12 12 0 0 1-12-12V92c0-20 20-26 20-44z"/>
    <path class="c" d="M68 104h64v46H68z"/><ellipse class="b" cx="92" cy="130" rx="9" ry="12"/><ellipse class="b" cx="110" cy="126" rx="9" ry="12"/>
    <path class="l" d="M92 118c4-8 14-8 18-4"/>`,
  31: `<path class="l" d="M132 66 160 22"/><rect class="a" x="30" y="64" width="140" height="96" rx="14"/>
    <rect class="c" x="44" y="80" width="56" height="64" rx="6"/><path class="l" d="M52 92h40M52 104h40M52 116h40M52 128h40"/>
    <rect class="c" x="112" y="80" width="44" height="18" rx="4"/><path class="l" d="M136 84v10"/>
    <circle class="b" cx="122" cy="124" r="11"/><circle class="b" cx="149" cy="124" r="11"/><path class="l" d="M122 124v-8M149 124l6-5"/>`,
  32: `<rect class="a" x="18" y="60" width="164" height="88" rx="12"/>
    ${[0, 1, 2]
      .flatMap((row) =>
        [0, 1, 2, 3, 4, 5, 6, 7].map(
          (column) =>
            `<rect class="${row === 0 && column === 0 ? 'b' : 'c'}" x="${28 + column * 18.4}" y="${70 + row * 18}" width="15" height="14" rx="3"/>`,
        ),
      )
      .join('')}
    <rect class="c" x="28" y="124" width="15" height="14" rx="3"/><rect class="c" x="46.4" y="124" width="15" height="14" rx="3"/>
    <rect class="c" x="64.8" y="124" width="70" height="14" rx="3"/><rect class="b" x="138.4" y="124" width="33.4" height="14" rx="3"/>`,
  33: `<path class="h" d="M50 116V98a50 50 0 0 1 100 0v18"/><rect class="b" x="58" y="104" width="20" height="60" rx="9"/>
    <rect class="b" x="122" y="104" width="20" height="60" rx="9"/><rect class="a" x="34" y="100" width="30" height="68" rx="14"/>
    <rect class="a" x="136" y="100" width="30" height="68" rx="14"/><circle class="c" cx="49" cy="134" r="6"/><circle class="c" cx="151" cy="134" r="6"/>`,
  41: `<rect class="a" x="126" y="126" width="66" height="18" rx="9" transform="rotate(38 126 126)"/><circle class="a" cx="88" cy="92" r="64"/>
    <circle class="b" cx="88" cy="92" r="52"/><path class="c" d="M88 60c22-6 36 14 30 32s-20 26-38 22-24-22-16-36 12-15 24-18z"/>
    <circle class="y" cx="88" cy="90" r="13"/>`,
  42: `<path class="g" d="m52 84 62-18 26 106H22z"/><path class="l" d="M152 168 164 92 108 52"/><circle class="a" cx="164" cy="92" r="6"/>
    <rect class="a" x="120" y="164" width="64" height="12" rx="6"/><path class="b" d="M50 88c-4-34 20-56 58-48l10 30z"/><circle class="y" cx="84" cy="82" r="10"/>`,
  43: `<path class="h" d="M132 62h14a14 14 0 0 1 0 28h-14"/><path class="b" d="M62 48h72v42a14 14 0 0 1-14 14H76a14 14 0 0 1-14-14z"/>
    <path class="c" d="M62 48h72v10H62z"/><path class="h" d="M138 120h14a14 14 0 0 1 0 28h-14"/>
    <path class="a" d="M56 104h84v50a18 18 0 0 1-18 18H74a18 18 0 0 1-18-18z"/><path class="c" d="M56 104h84v12H56z"/>
    <path class="l" d="M84 36c-6-8 6-12 0-22M108 36c-6-8 6-12 0-22"/>`,
  51: book(
    `<path class="w" d="M66 64c14-12 24 12 38 0s24 12 34 2M66 84c14-12 24 12 38 0s24 12 34 2M66 104c14-12 24 12 38 0s24 12 34 2"/><path class="l" d="M72 126h58"/>`,
  ),
  52: book(
    `<circle class="y" cx="128" cy="60" r="12"/><path class="c" d="M66 100h74l-12 18H78z"/><path class="c" d="M84 84h36v12H84zM96 70h10v12H96z"/><path class="w" d="M64 130c10-8 18 8 28 0s18 8 28 0 14 6 20 0"/>`,
  ),
  53: book(
    `<path class="c" d="M72 84h60v22a14 14 0 0 1-14 14H86a14 14 0 0 1-14-14z"/><path class="c" d="M68 74h68v7H68z"/><path class="w" d="M60 92h10M134 92h10"/><path class="w" d="M92 64c-5-7 5-10 0-18M112 64c-5-7 5-10 0-18"/>`,
  ),
};

/** An item's picture. Decoration: the name stands beside it. */
export function itemArt(id: string, department: Department): Html {
  return html`<svg class="art art-${department}" viewBox="0 0 200 200" aria-hidden="true" focusable="false">${trustedMarkup(drawings[id] ?? '')}</svg>`;
}
