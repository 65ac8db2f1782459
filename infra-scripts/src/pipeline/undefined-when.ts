/** The answer of an AWS call, or undefined when AWS answers with one of the errors, by their names in its API. */
export async function undefinedWhen<Answer>(
  errors: readonly string[],
  answer: Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && errors.includes(error.name)) return undefined;
    throw error;
  }
}
