/** How a deployment talks: the command prints, tests listen. */
export interface Says {
  /** A line that stays. */
  line(text: string): void;
  /** A line that the next one replaces, on a terminal. */
  progress(text: string): void;
  /** Whether to go on; false when nobody is there to say yes. */
  confirm(question: string): Promise<boolean>;
}

/** Something that the person can act on; the command shows it without a stack. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
}

/** Ctrl-C: AWS goes on with what it was asked for; nothing here is half known, because nothing is kept here. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}
