import type { Item } from './item.js';

/** Food. */
export const food: readonly Item[] = [
  {
    id: '21',
    name: 'House Coffee, 1 kg',
    page: 'food',
    price: 24.9,
    currency: 'EUR',
    summary: 'Whole beans, medium roast, chocolate and hazelnut.',
    description:
      'Two farms, one roast. Medium, with chocolate first, hazelnut after, and enough acidity to notice in a filter.\n\nRoasted on Mondays, packed on Tuesdays. Best between the second and the eighth week; the date is on the bag.',
    reviews: [
      {
        author: 'Marta',
        rating: 5,
        title: 'The office stopped complaining',
        text: 'I changed the beans in the office machine without saying a word. Somebody asked who had repaired it.',
      },
      {
        author: 'Jonas',
        rating: 4,
        title: 'Good in a moka pot',
        text: 'A bit flat as espresso, very good in a moka pot. For the price I will not grumble.',
      },
      {
        author: 'Yuki',
        rating: 5,
        title: 'Fresh, truly',
        text: 'The bag was four days old when it came. You can smell it through the cardboard.',
      },
    ],
  },
  {
    id: '22',
    name: 'Wildflower Honey, 500 g',
    page: 'food',
    price: 11.5,
    currency: 'EUR',
    summary: 'Unheated, from one valley and one summer.',
    description:
      'Spun, strained and put in a glass, nothing else. It will turn firm in the cold: stand the glass in warm water and it runs again.\n\nEach year tastes different. This one is mostly lime and clover.',
    reviews: [
      {
        author: 'Hannah',
        rating: 5,
        title: 'Gone in nine days',
        text: 'Bought it for baking and none of it reached the oven.',
      },
      {
        author: 'Olivier',
        rating: 4,
        title: 'Arrived solid',
        text: 'It was hard as a brick in January. The warm water works, it just takes twenty minutes.',
      },
    ],
  },
  {
    id: '23',
    name: 'Early Harvest Olive Oil, 75 cl',
    page: 'food',
    price: 18.9,
    currency: 'EUR',
    summary: 'Green, peppery, pressed the day it was picked.',
    description:
      'Picked in October while the olives are still green, which gives less oil and more taste. It catches in the throat: that is how it should be.\n\nDark bottle, keep it away from the stove.',
    reviews: [
      {
        author: 'Dimitra',
        rating: 5,
        title: 'Tastes like my aunt’s',
        text: 'I did not think I would say that about something from a web shop.',
      },
      {
        author: 'Rob',
        rating: 2,
        title: 'Too sharp for me',
        text: 'It made me cough. I gather that is a feature. I will keep it for tomatoes.',
      },
      {
        author: 'Sanne',
        rating: 5,
        title: 'On bread, nothing else',
        text: 'Good bread, salt, this. Dinner.',
      },
    ],
  },
];
