/** What the thread of a function starts with. */
export interface EnvironmentData {
  /** Of the function. */
  name: string;
  /** Its module's URL. */
  module: string;
  answerBytes: number;
}

/** Said once when the module is loaded, with an empty answer, and then for each event, which is sent as JSON. */
export type EnvironmentSays =
  | {
      /** JSON. */
      answer: string;
    }
  | { error: { name: string; message: string } };
