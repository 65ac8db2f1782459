import type { Item } from './item.js';

/** Apparel. */
export const apparel: readonly Item[] = [
  {
    id: '11',
    name: 'Harbour Raincoat',
    page: 'apparel',
    price: 129,
    currency: 'EUR',
    summary: 'Waxed cotton, taped seams, a hood that stays up.',
    description:
      'Cut long enough to cycle in and loose enough for a jumper underneath. The cotton is waxed, the seams are taped, and the hood has a wire in its brim so that it stays where you put it when the wind turns.\n\nFour pockets, two of them inside. Wipe it down, never wash it, and wax it again after a couple of winters.',
    reviews: [
      {
        author: 'Ines',
        rating: 5,
        title: 'Dry after an hour on the pier',
        text: 'Sideways rain for an hour and the shirt underneath stayed dry. The hood really does stay up.',
      },
      {
        author: 'Tomasz',
        rating: 4,
        title: 'Good coat, strong smell',
        text: 'It smells of wax for the first week. After that I stopped noticing, and so did everyone else.',
      },
      {
        author: 'Aoife',
        rating: 4,
        title: 'Runs large',
        text: 'Take one size less than usual unless you want to wear two jumpers. Otherwise no complaints.',
      },
    ],
  },
  {
    id: '12',
    name: 'Merino Socks, Three Pairs',
    page: 'apparel',
    price: 27.5,
    currency: 'EUR',
    summary: 'Thin enough for shoes, warm enough for boots.',
    description:
      'Fine merino with a little nylon in heel and toe, where socks give up first. The cuff holds without leaving a mark.\n\nThree pairs in a box: slate, moss and one that is plainly orange. Machine wash at 30 °C.',
    reviews: [
      {
        author: 'Bram',
        rating: 5,
        title: 'Two winters and no holes',
        text: 'I walk a lot and I am hard on heels. Two winters in, all three pairs are still whole.',
      },
      {
        author: 'Lucía',
        rating: 3,
        title: 'Why is one pair orange',
        text: 'Warm, soft, well made. I would have paid extra for three grey pairs.',
      },
      {
        author: 'Per',
        rating: 5,
        title: 'The orange ones are the best',
        text: 'Nobody in this house steals the orange pair by mistake. I am ordering more.',
      },
    ],
  },
  {
    id: '13',
    name: 'Canvas Field Cap',
    page: 'apparel',
    price: 22,
    currency: 'EUR',
    summary: 'A brim for low sun, a strap for high wind.',
    description:
      'Heavy canvas that softens with wear. The brim is stitched in eight rows, so it keeps its curve after a night in a coat pocket.\n\nA brass buckle at the back fits heads from 54 to 62 cm.',
    reviews: [
      {
        author: 'Noor',
        rating: 4,
        title: 'Survived the washing machine',
        text: 'It was not supposed to go in there, and it came out fine. A bit paler, and I like it better.',
      },
      {
        author: 'Felix',
        rating: 5,
        title: 'Does what a cap does',
        text: 'Keeps the sun out of my eyes and stays on in the wind. I do not know what else to ask of it.',
      },
    ],
  },
];
