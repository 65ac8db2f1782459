/** An object as the findings know it: its page and its partition. */
export interface JudgedObject {
  page: string;
  partition: string;
  /** Why it holds what it holds: the code of a quarantine, the kind of an error object; empty for events. */
  cause: string;
  /** It was written so short ago that what belongs to it may not be delivered yet. */
  isRecent: boolean;
}
