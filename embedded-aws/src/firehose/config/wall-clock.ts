/** An instant in the local time of a time zone. */
export interface WallTime {
  year: number;
  /** 1 is January. */
  month: number;
  day: number;
  dayOfYear: number;
  /** 0 is Sunday. */
  weekday: number;
  hour: number;
  minute: number;
  second: number;
  /** East of Greenwich. */
  offsetMinutes: number;
}

/** @param zone IANA's name of the time zone */
export function wallClock(zone: string): (instantMs: number) => WallTime {
  if (zone === 'UTC') return (instantMs) => wallTime(instantMs, 0);
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instantMs) => {
    const part = Object.fromEntries(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const shown = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
    return wallTime(shown, Math.round((shown - Math.floor(instantMs / 1000) * 1000) / 60_000));
  };
}

function wallTime(shownMs: number, offsetMinutes: number): WallTime {
  const shown = new Date(shownMs);
  const year = shown.getUTCFullYear();
  return {
    year,
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    dayOfYear: Math.floor((shownMs - Date.UTC(year, 0, 1)) / 86_400_000) + 1,
    weekday: shown.getUTCDay(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    offsetMinutes,
  };
}
