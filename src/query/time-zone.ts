/** Time zones as the platform knows them. */
const HOUR = 3600;
const MINUTE = 60;

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's wall clock is ahead of UTC at a time. */
export function zoneOffsetSeconds(timeZone: string, time: number): number {
  const format = formatOf(timeZone);
  const name = format.formatToParts(time * 1000).find((part) => part.type === 'timeZoneName');
  const match = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name?.value ?? '');
  if (match === null) return 0;
  const seconds = Number(match[2]) * HOUR + Number(match[3]) * MINUTE + Number(match[4] ?? 0);
  return match[1] === '-' ? -seconds : seconds;
}

/** Formats are slow to make, and a server uses one or two zones. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, format);
  }
  return format;
}
