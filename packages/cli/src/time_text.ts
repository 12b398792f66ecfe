/** Times as people read them, in the time zone of whoever reads (`TZ`), as crash and dmesg do. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Tue Nov 24 22:16:00 UTC 2026`, as crash prints a time. Milliseconds since the epoch. */
export function calendarTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return 'unknown';
  const day = `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  return `${day} ${time} ${zoneName(date)} ${date.getFullYear()}`;
}

const zones = new Map<number, string>();

/** Asking for a zone's name takes 30 µs; it changes with the offset only. */
function zoneName(date: Date): string {
  const offset = date.getTimezoneOffset();
  let name = zones.get(offset);
  if (name === undefined) {
    const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(date);
    name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
    zones.set(offset, name);
  }
  return name;
}

/** `3 days, 04:05:06`, as crash prints an uptime. */
export function durationText(seconds: number): string {
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400);
  const time = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  return days === 0 ? time : `${days} day${days === 1 ? '' : 's'}, ${time}`;
}
