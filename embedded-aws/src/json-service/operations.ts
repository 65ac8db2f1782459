import type { z } from 'zod';
import { type AwsError, notSupported } from './aws-error.js';

/** A request's body, parsed and not yet looked at. */
export type Body = Record<string, unknown>;

/** A service's operations by name. */
export type Operations<Answer> = Readonly<Record<string, (body: Body) => Answer>>;

/**
 * What runs an operation by its name.
 * @throws AwsError UnknownOperationException, naming the operations that there are
 */
export type RunOperation<Answer> = (operation: string, body: Body) => Answer;

/**
 * @param service the name in refusals: `Kinesis`
 * @param insteadOf by an operation that is not there, what to use instead, as a sentence
 */
export function runnerOf<Answer>(
  service: string,
  operations: Operations<Answer>,
  insteadOf: Readonly<Record<string, string>> = {},
): RunOperation<Answer> {
  return (operation, body) => {
    if (Object.hasOwn(operations, operation)) return operations[operation]!(body);
    const known = Object.keys(operations).join(', ');
    const hint = Object.hasOwn(insteadOf, operation) ? insteadOf[operation] : undefined;
    throw notSupported(`The embedded ${service}`, `the operation ${operation}`, known, hint);
  };
}

/** The shape of each operation's request. */
type Shapes = Readonly<Record<string, z.ZodType>>;
/** The request of each operation, by the operation's name. */
export type Requests<All extends Shapes> = { [Name in keyof All]: z.output<All[Name]> };
/** What answers each operation. */
export type Answers<All extends Shapes, Answer> = { [Name in keyof All]: (request: Requests<All>[Name]) => Answer };

/** The body in its operation's shape. @throws what `refuse` makes of the mistakes in it */
export function parseShape<Shape extends z.ZodType>(
  shape: Shape,
  body: unknown,
  refuse: (error: z.ZodError) => AwsError,
): z.output<Shape> {
  const parsed = shape.safeParse(body, { reportInput: true });
  if (!parsed.success) throw refuse(parsed.error);
  return parsed.data;
}

/** Operations whose requests are held to their shapes first. */
export function shapedOperations<All extends Shapes, Answer>(
  shapes: All,
  refuse: (error: z.ZodError) => AwsError,
  answers: Answers<All, Answer>,
): Operations<Answer> {
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      (body: Body) => (answer as (request: unknown) => Answer)(parseShape(shapes[name]!, body, refuse)),
    ]),
  );
}
