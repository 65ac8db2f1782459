import { isbot } from 'isbot';

/** A few hundred browsers send nearly all requests. */
const maxRemembered = 1_000;
/** No browser's user agent is longer. */
const maxLength = 512;

/**
 * Tells by the user agent whether a request comes from a crawler or another program that says so; false without one.
 * User agents are remembered while they are in use, and go nowhere.
 */
export function createBotCheck(): (userAgent: string | undefined) => boolean {
  const known = new Map<string, boolean>();
  return (userAgent) => {
    if (userAgent === undefined) return false;
    const text = userAgent.length > maxLength ? userAgent.slice(0, maxLength) : userAgent;
    let found = known.get(text);
    if (found === undefined) {
      if (known.size === maxRemembered) known.clear();
      found = isbot(text);
      known.set(text, found);
    }
    return found;
  };
}
