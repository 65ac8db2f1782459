import { itemArt } from '../html/art.js';
import { html } from '../html/html.js';
import type { Page } from '../html/layout.js';
import { departments, itemsOf } from '../items/index.js';
import { frontPage as page } from '../store-catalogue.js';

/** The front page with the departments. */
export function frontPage(): Page {
  return {
    title: 'Good things, plainly made',
    page,
    path: '/',
    body: html`<div class="hero">
  <h1>Good things, plainly made.</h1>
  <p>Fifteen of them, in five departments. We would rather have few.</p>
</div>
<ul class="departments">
${departments.map(
  (department) => html`<li class="department tint-${department.page}">
  <a class="department-link" href="/${department.page}">
    <div class="department-art">${itemsOf(department.page)
      .slice(0, 3)
      .map((item) => itemArt(item.id, item.page))}</div>
    <h2>${department.name}</h2>
    <p>${department.line}</p>
  </a>
</li>`,
)}
</ul>`,
  };
}
