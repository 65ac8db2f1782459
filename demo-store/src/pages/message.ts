import { html } from '../html/html.js';
import type { Page } from '../html/layout.js';
import { frontPage } from '../store-catalogue.js';

function messagePage(title: string, text: string): Page {
  return {
    title,
    page: frontPage,
    body: html`<div class="page-head message"><h1>${title}</h1><p>${text}</p><p><a class="button" href="/">Back to the shop</a></p></div>`,
  };
}

/** 404. */
export const notFoundPage = (): Page =>
  messagePage('Nothing here', 'There is no such page in this shop. It may never have been.');

/** 400. */
export const badRequestPage = (): Page =>
  messagePage('That address cannot be read', 'It holds characters that no address has.');

/** 500. */
export const failurePage = (): Page => messagePage('Something broke', 'The fault is ours. Try again in a moment.');
