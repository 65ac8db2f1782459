import type { Item } from './item.js';

/** Home. */
export const home: readonly Item[] = [
  {
    id: '41',
    name: 'Cast-Iron Pan, 26 cm',
    page: 'home',
    price: 54,
    currency: 'EUR',
    summary: 'Seasoned at the foundry, good for a lifetime.',
    description:
      'Cast in one piece, ground smooth inside, seasoned twice before it leaves the foundry. For every stove, the oven and the open fire.\n\nWipe it, dry it, oil it. If it ever rusts, scrub it bright and start again: nothing is lost.',
    reviews: [
      {
        author: 'Wim',
        rating: 5,
        title: 'Eggs slide',
        text: 'From the first day. I had expected weeks of frustration.',
      },
      {
        author: 'Clara',
        rating: 4,
        title: 'You will need two hands',
        text: 'It weighs what it weighs. Steak has never been this good in our kitchen.',
      },
      {
        author: 'Goran',
        rating: 5,
        title: 'Third one, as a gift',
        text: 'Every time somebody moves into a new flat, this is what they get from me.',
      },
    ],
  },
  {
    id: '42',
    name: 'Reading Lamp',
    page: 'home',
    price: 79,
    currency: 'EUR',
    summary: 'Warm light, a long arm, a switch where your hand is.',
    description:
      'The arm reaches 70 cm and stays where it is left. Warm white, dimmed by turning the shade’s rim, no flicker at any level.\n\nThe bulb is a plain E14 and comes with it.',
    reviews: [
      {
        author: 'Ewa',
        rating: 5,
        title: 'He sleeps, I read',
        text: 'Narrow enough a beam that my husband does not notice. It has saved an argument a week.',
      },
      {
        author: 'Tariq',
        rating: 3,
        title: 'Short cable',
        text: 'Beautiful lamp. The cable could be half a metre longer.',
      },
    ],
  },
  {
    id: '43',
    name: 'Stoneware Mugs, Set of Four',
    page: 'home',
    price: 38,
    currency: 'EUR',
    summary: 'Thrown by hand, glazed in four blues.',
    description:
      'Thrown by hand in a small pottery, so no two are the same height. Four blues, one to each mug, which settles whose is whose.\n\n350 ml. Dishwasher and microwave are fine.',
    reviews: [
      {
        author: 'Freya',
        rating: 5,
        title: 'Heavy and calm',
        text: 'Coffee stays hot longer, mornings go slower. I mean it as praise.',
      },
      {
        author: 'Matteo',
        rating: 4,
        title: 'One was chipped',
        text: 'They sent another within two days and would not have the chipped one back. It holds pencils now.',
      },
      {
        author: 'Zofia',
        rating: 5,
        title: 'Prettier than in the picture',
        text: 'The darkest blue has green in it when the sun comes in.',
      },
    ],
  },
];
