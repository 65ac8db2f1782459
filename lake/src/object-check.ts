/** What a check needs to know of an object: its key, and its file. */
export interface CheckedObject {
  key: string;
  path: string;
}

/**
 * Says what is wrong with an object's bytes (`its bytes do not …`); undefined when they are as they were written, or
 * when nobody knows how they were.
 */
export type ObjectCheck = (object: CheckedObject) => Promise<string | undefined>;
