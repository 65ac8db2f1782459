import { maxQuantity, quantityOf, setQuantity } from './cart.js';
import { read, write } from './storage.js';
import { itemFieldsOf, track } from './tracker.js';

const article = document.querySelector('article.item');

/** Liking is an event, taking it back is not: a liked item's button has no `data-track`. */
function setUpLike(button, itemId) {
  const show = (liked) => {
    button.setAttribute('aria-pressed', String(liked));
    if (liked) delete button.dataset.track;
    else button.dataset.track = 'liked_item';
  };
  const likes = () => {
    const kept = read('localStorage', 'xcorp.likes', []);
    return new Set(Array.isArray(kept) ? kept : []);
  };
  let liked = likes().has(itemId);
  show(liked);
  button.addEventListener('click', () => {
    liked = !liked;
    const all = likes();
    if (liked) all.add(itemId);
    else all.delete(itemId);
    write('localStorage', 'xcorp.likes', [...all]);
    // After the click is over: the tracker reads `data-track` while it is on its way up.
    setTimeout(() => show(liked));
  });
}

function setUpAdd(form, status, itemId) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const quantity = quantityOf(itemId) + Number(form.elements.quantity.value);
    const kept = setQuantity(itemId, quantity);
    const link = Object.assign(document.createElement('a'), { href: '/cart', textContent: 'Go to the cart' });
    if (!kept) status.textContent = 'Your browser keeps no data for this site, so there is no cart.';
    else if (quantity > maxQuantity) status.replaceChildren(`${maxQuantity} in the cart: more we do not sell. `, link);
    else status.replaceChildren(`${quantity} in the cart. `, link);
  });
}

function reviewElement({ rating, title, text }) {
  const element = document.createElement('li');
  element.className = 'review own';
  const heading = document.createElement('p');
  const stars = Object.assign(document.createElement('span'), { className: 'stars', textContent: '★'.repeat(rating) });
  stars.setAttribute('role', 'img');
  stars.setAttribute('aria-label', `${rating} out of 5 stars`);
  const name = Object.assign(document.createElement('span'), { className: 'review-title', textContent: title });
  const author = Object.assign(document.createElement('span'), {
    className: 'muted',
    textContent: 'you, in this browser',
  });
  heading.append(stars, ' ', name, ' ', author);
  element.append(heading, Object.assign(document.createElement('p'), { textContent: text }));
  return element;
}

/** A review that was written here before, or nothing when what lies there is something else. */
function keptReview(key) {
  const review = read('localStorage', key, null);
  const rating = Number(review?.rating);
  if (!Number.isInteger(rating) || rating < 1 || rating > 5) return undefined;
  return { rating, title: String(review.title ?? ''), text: String(review.text ?? '') };
}

function setUpReviews(form, list, status) {
  const key = `xcorp.review.${article.dataset.itemId}`;
  const show = (review) => {
    list.querySelector('.own')?.remove();
    list.prepend(reviewElement(review));
  };
  const before = keptReview(key);
  if (before) show(before);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const { rating, title, text } = form.elements;
    const review = { rating: Number(rating.value), title: title.value, text: text.value };
    write('localStorage', key, review);
    track('reviewed_item', { ...itemFieldsOf(article), properties: { rating: review.rating } });
    show(review);
    form.reset();
    status.textContent = 'Published, for your eyes only.';
  });
}

if (article) {
  const { itemId } = article.dataset;
  setUpLike(article.querySelector('[data-like]'), itemId);
  setUpAdd(article.querySelector('[data-add-form]'), article.querySelector('[data-add-status]'), itemId);
  setUpReviews(
    article.querySelector('[data-review-form]'),
    article.querySelector('[data-reviews]'),
    article.querySelector('[data-review-status]'),
  );
}
