import type { Item } from './item.js';

/** Electronics. */
export const electronics: readonly Item[] = [
  {
    id: '31',
    name: 'Pocket Radio',
    page: 'electronics',
    price: 49,
    currency: 'EUR',
    summary: 'FM and DAB+, forty hours on a charge, real knobs.',
    description:
      'One knob for volume, one for stations, five buttons for the ones you like. FM and DAB+, with a headphone socket.\n\nForty hours at kitchen volume, charged by USB-C. The battery comes out with one screw, so it can be replaced.',
    reviews: [
      {
        author: 'Greta',
        rating: 5,
        title: 'My mother can use it',
        text: 'Turn it on, turn it up. No app, no account, no light show. She loves it.',
      },
      {
        author: 'Ahmed',
        rating: 4,
        title: 'Small speaker, honest sound',
        text: 'Voices are clear, bass is not its thing. Forty hours is about right: I charge it on Sundays.',
      },
      {
        author: 'Louise',
        rating: 4,
        title: 'The knobs are lovely',
        text: 'They click. I find myself changing stations for no reason.',
      },
    ],
  },
  {
    id: '32',
    name: 'Compact Mechanical Keyboard',
    page: 'electronics',
    price: 119,
    currency: 'EUR',
    summary: '75 % layout, quiet tactile switches, no software needed.',
    description:
      'Eighty-four keys in an aluminium frame. The switches are tactile and damped: you feel the key, your neighbour does not hear it.\n\nLayouts and layers are set on the keyboard itself and live in it. Cable or Bluetooth, three devices.',
    reviews: [
      {
        author: 'Kofi',
        rating: 5,
        title: 'Quiet enough for calls',
        text: 'My old one could be heard in every meeting. With this one people ask if I am still taking notes.',
      },
      {
        author: 'Elena',
        rating: 4,
        title: 'Heavy, in a good way',
        text: 'It does not move, at all. Do not buy it to carry around.',
      },
      {
        author: 'Mikkel',
        rating: 3,
        title: 'Bluetooth takes a second to wake',
        text: 'Typing is a joy. The first letter after a pause sometimes gets lost over Bluetooth; by cable never.',
      },
    ],
  },
  {
    id: '33',
    name: 'Over-Ear Headphones',
    page: 'electronics',
    price: 189,
    currency: 'EUR',
    summary: 'Noise cancelling, thirty hours, ear pads you can replace.',
    description:
      'Closed, light (240 g), and soft where glasses sit. Noise cancelling has two strengths and an off switch that is a switch.\n\nThirty hours with cancelling on. Pads, cable and battery are sold as parts, and the manual shows how to change them.',
    reviews: [
      {
        author: 'Priya',
        rating: 5,
        title: 'Six hours by train',
        text: 'Wore them from Vienna to Zürich and forgot they were there. The children two rows behind did not exist.',
      },
      {
        author: 'Stefan',
        rating: 4,
        title: 'Bring your own case',
        text: 'Sound and comfort are excellent. The pouch it comes with is a joke.',
      },
    ],
  },
];
