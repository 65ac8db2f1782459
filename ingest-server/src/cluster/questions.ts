/** Open questions to one process. */
export interface Questions<Answer> {
  /**
   * `send` sends the question under a number, and calls `sent` when that is done or has failed.
   * @throws Error when it could not be sent, or no answer comes in time
   */
  ask(send: (number: number, sent: (error: Error | null) => void) => void, whom: string): Promise<Answer>;
  answer(number: number, answer: Answer | Error): void;
  /** Fails all open questions: the one who was asked is gone. */
  giveUp(reason: Error): void;
}

/** Questions asked by message and answered by message, later or never; each fails after `limitMs`. */
export function createQuestions<Answer>(limitMs: number): Questions<Answer> {
  const open = new Map<number, (answer: Answer | Error) => void>();
  let last = 0;
  return {
    ask(send, whom) {
      const number = ++last;
      return new Promise((resolve, reject) => {
        const settle = (answer: Answer | Error) => {
          clearTimeout(timer);
          open.delete(number);
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        };
        const timer = setTimeout(() => settle(new Error(`${whom} did not answer within ${limitMs} ms`)), limitMs);
        open.set(number, settle);
        send(number, (error) => {
          if (error !== null) settle(error);
        });
      });
    },
    answer: (number, answer) => open.get(number)?.(answer),
    giveUp(reason) {
      for (const settle of [...open.values()]) settle(reason);
    },
  };
}
