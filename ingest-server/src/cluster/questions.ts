/** Questions that are asked by message and answered by message, later or never. */
export function createQuestions<Answer>(limitMs: number) {
  const open = new Map<number, (answer: Answer | Error) => void>();
  let last = 0;
  return {
    /** @throws Error when no answer comes in time */
    ask(send: (number: number) => void, whom: string): Promise<Answer> {
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
        send(number);
      });
    },
    answer: (number: number, answer: Answer | Error) => open.get(number)?.(answer),
  };
}
