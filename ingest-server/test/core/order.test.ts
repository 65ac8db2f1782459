import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createOrder, type InOrder } from '../../src/core/order.js';

test('an order is the one in which items came, whichever are taken out, once or twice, and put in again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(5))), (steps) => {
      const items = Array.from({ length: 6 }, (): InOrder => ({ before: undefined, after: undefined }));
      const order = createOrder<InOrder>();
      let expected: InOrder[] = [];
      for (const [adds, which] of steps) {
        const item = items[which]!;
        expected = expected.filter((other) => other !== item);
        order.remove(item);
        if (adds) {
          expected.push(item);
          order.add(item);
        }
        expect(order.first() === expected[0]).toBe(true);
      }
      for (const item of expected) {
        expect(order.first() === item).toBe(true);
        order.remove(item);
      }
      expect(order.first()).toBeUndefined();
    }),
  );
});
