import type { Item } from './item.js';

/** Books. */
export const books: readonly Item[] = [
  {
    id: '51',
    name: 'A Field Guide to Small Rivers',
    page: 'books',
    price: 28,
    currency: 'EUR',
    summary: 'How water thinks, in 212 drawings.',
    description:
      'Springs, riffles, weirs, mills and the channels that feed them: how a small river works, what lives in it and what people have made of it. With 212 drawings and eleven walks.\n\nHardback, 304 pages, a ribbon, and paper that takes a wet thumb.',
    reviews: [
      {
        author: 'Judith',
        rating: 5,
        title: 'I look at ditches now',
        text: 'I bought it for the drawings and came away able to read a stream. My walks take twice as long.',
      },
      {
        author: 'Anselm',
        rating: 4,
        title: 'The chapter on mills alone',
        text: 'Forty pages on mill races, with the arithmetic. The rest is good, that chapter is wonderful.',
      },
      {
        author: 'Rosa',
        rating: 5,
        title: 'It did get wet',
        text: 'It fell in on the second walk. Dried it on a radiator, and it is fine. They thought of that.',
      },
    ],
  },
  {
    id: '52',
    name: 'The Night Ferry',
    page: 'books',
    price: 16.9,
    currency: 'EUR',
    summary: 'A novel: eleven passengers, ten cabins, one crossing.',
    description:
      'A winter crossing, a passenger list that does not add up, and a purser who has to make it add up before the harbour.\n\nPaperback, 268 pages. Do not read the last chapter first; people try.',
    reviews: [
      {
        author: 'Henrik',
        rating: 5,
        title: 'Missed my own stop',
        text: 'I read it on the tram and ended up at the depot.',
      },
      {
        author: 'Camille',
        rating: 3,
        title: 'I guessed it',
        text: 'By cabin seven I knew. Still finished it, because the purser is such good company.',
      },
      {
        author: 'Ivan',
        rating: 4,
        title: 'Cold, in the good sense',
        text: 'You can feel the deck under your feet. Read it in summer.',
      },
    ],
  },
  {
    id: '53',
    name: 'Cooking With What Is There',
    page: 'books',
    price: 32.5,
    currency: 'EUR',
    summary: 'Ninety dishes, none with more than six ingredients.',
    description:
      'Ninety dishes arranged by what is in the house: eggs and an onion, yesterday’s rice, half a cabbage. None takes more than six ingredients, and each says what can stand in for what.\n\nHardback, 240 pages, lies flat.',
    reviews: [
      {
        author: 'Beatriz',
        rating: 5,
        title: 'The cabbage pages',
        text: 'Seven things to do with half a cabbage. We have done all of them, some twice.',
      },
      {
        author: 'Leon',
        rating: 4,
        title: 'No photographs',
        text: 'I missed them for a week. Now I think they would only have made me feel bad.',
      },
    ],
  },
];
