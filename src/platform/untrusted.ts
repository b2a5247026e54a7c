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

export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Seconds since 1970 as ms, if that is a time that a Date can hold. */
export function asTime(seconds: unknown): number | undefined {
  const ms = (asNumber(seconds) ?? 0) * 1000;
  return ms > 0 && ms <= 8.64e15 ? ms : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
