/** Quick checks of parsed JSON, where a schema would cost too much (events of a stream) or the shapes vary (errors). */

/** The value if it is an object, not an array. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

export function asString(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What looks like a code of a protocol, so that no free text gets into a log. */
export function asCode(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w.-]{1,64}$/.test(value) ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

const earliestTime = Date.UTC(2000, 0);
const latestTime = Date.UTC(2200, 0);

/**
 * Seconds since 1970, or milliseconds where it can only be those, as ms; undefined for what is no time between the years
 * 2000 and 2200. No calendar fails for those.
 */
export function asTime(value: unknown): number | undefined {
  const number = asNumber(value) ?? Number.NaN;
  return [number * 1000, number].find((ms) => ms >= earliestTime && ms <= latestTime);
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
