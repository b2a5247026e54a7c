const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Whether a time in milliseconds since 1970 is one that a calendar can show. */
function isShowable(at: number): boolean {
  return Number.isFinite(new Date(at).getTime());
}

/**
 * How far a time is from now, in words of the locale: "in 52 minutes", "3 days ago", "now".
 *
 * @param at milliseconds since 1970
 * @param now milliseconds since 1970
 */
export function relativeTime(at: number, now: number, locale: string): string {
  if (!isShowable(at)) {
    return "";
  }
  const seconds = (at - now) / 1000;
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (Math.abs(seconds) < minute / 2) {
    return words.format(0, "second");
  }
  const minutes = Math.round(seconds / minute);
  if (Math.abs(minutes) < 60) {
    return words.format(minutes, "minute");
  }
  const hours = Math.round(seconds / hour);
  return Math.abs(hours) < 24 ? words.format(hours, "hour") : words.format(Math.round(seconds / day), "day");
}

/** A time as local date and time of day; empty for one that no calendar can show. */
export function absoluteTime(at: number, locale: string): string {
  return isShowable(at) ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(at) : "";
}

/** A time as ISO 8601 in UTC, for machines; empty for one that no calendar can show. */
export function isoTime(at: number): string {
  return isShowable(at) ? new Date(at).toISOString() : "";
}

/** The time since `since`, as minutes and seconds: "1:05". Never below zero. */
export function elapsedTime(since: number, now: number, locale: string): string {
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  const minutes = new Intl.NumberFormat(locale).format(Math.floor(seconds / 60));
  return `${minutes}:${new Intl.NumberFormat(locale, { minimumIntegerDigits: 2 }).format(seconds % 60)}`;
}

/** The time until `until`, as minutes and seconds: "9:58". Never below zero. */
export function timeLeft(until: number, now: number, locale: string): string {
  return elapsedTime(now, until, locale);
}

/** A share of a hundred, as the locale writes it: "37%". */
export function percent(share: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "percent" }).format(share / 100);
}
