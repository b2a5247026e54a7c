import { asNumber, asRecord, asString, asTime } from "../platform/untrusted.ts";

/** One of a plan's rolling windows. Percentages are 0-100 of the window's allowance. */
export interface UsageWindow {
  readonly usedPercent: number;
  readonly leftPercent: number;
  /** ms since 1970 */
  readonly resetsAt: number | undefined;
  readonly windowMinutes: number | undefined;
}

/** What is known of a plan's use; an absent window is unknown. */
export interface Usage {
  readonly fiveHour: UsageWindow | undefined;
  readonly weekly: UsageWindow | undefined;
  readonly plan: string | undefined;
  readonly limitReached: boolean;
}

/** The plan's use from the headers of an answer (`x-codex-primary-used-percent`, …). */
export function usageFromHeaders(headers: Headers): Usage | undefined {
  const number = (name: string) => {
    const value = headers.get(`x-codex-${name}`);
    return value === null || value.trim() === "" ? undefined : asNumber(Number(value));
  };
  const window = (name: string) =>
    usageWindow(number(`${name}-used-percent`), number(`${name}-window-minutes`), number(`${name}-reset-at`));
  return usage(window("primary"), window("secondary"), undefined, headers.has("x-codex-rate-limit-reached-type"));
}

/** The same from an event of the stream (`codex.rate_limits`). */
export function usageFromEvent(event: unknown): Usage | undefined {
  const record = asRecord(event);
  const limits = asRecord(record?.rate_limits);
  // Limits of single features come as separate events; the plan's is named codex, or not at all.
  const name = asString(record?.metered_limit_name) ?? asString(record?.limit_name) ?? "codex";
  if (!record || !limits || name !== "codex") return undefined;
  const window = (value: unknown) => {
    const fields = asRecord(value);
    return usageWindow(asNumber(fields?.used_percent), asNumber(fields?.window_minutes), asNumber(fields?.reset_at));
  };
  return usage(
    window(limits.primary),
    window(limits.secondary),
    asString(record.plan_type),
    limits.limit_reached === true,
  );
}

/** The same from the answer of `GET wham/usage`. */
export function usageFromAnswer(json: unknown): Usage | undefined {
  const answer = asRecord(json);
  const limit = asRecord(answer?.rate_limit);
  if (!answer || !limit) return undefined;
  const window = (value: unknown) => {
    const fields = asRecord(value);
    const seconds = asNumber(fields?.limit_window_seconds);
    return usageWindow(
      asNumber(fields?.used_percent),
      seconds === undefined ? undefined : seconds / 60,
      asNumber(fields?.reset_at),
    );
  };
  const windows = [window(limit.primary_window), window(limit.secondary_window)] as const;
  return usage(...windows, asString(answer.plan_type), limit.limit_reached === true || limit.allowed === false);
}

/** The news over what was known: a window or a plan that the news do not have stays. */
export function mergeUsage(known: Usage | undefined, news: Usage): Usage {
  return {
    fiveHour: news.fiveHour ?? known?.fiveHour,
    weekly: news.weekly ?? known?.weekly,
    plan: news.plan ?? known?.plan,
    limitReached: news.limitReached,
  };
}

/** At and below this much left, there is a notice, once for each window. */
export const littleLeftPercent = 10;

export type UsageWindowName = "fiveHour" | "weekly";

/** Windows for which the notice was given, each with the time when it resets, ms since 1970. */
export type NoticesGiven = Readonly<Partial<Record<UsageWindowName, number>>>;

export interface NoticeDecision {
  /** The window that the notice is for, if there is to be one: the longer one when both run low. */
  readonly notice: UsageWindowName | undefined;
  readonly given: NoticesGiven;
}

/**
 * One notice when little is left, and no other until that window has reset. When both windows run low at once, one
 * notice is for the weekly one, and counts for the other as well.
 */
export function noticeWhenLittleLeft(usageNow: Usage, given: NoticesGiven, now: number): NoticeDecision {
  const names: readonly UsageWindowName[] = ["weekly", "fiveHour"];
  const next: Partial<Record<UsageWindowName, number>> = {};
  let notice: UsageWindowName | undefined;
  for (const name of names) {
    const window = usageNow[name];
    const until = given[name];
    const isGiven = until !== undefined && now < until && plausibleReset(until, now, longestWindowMs) !== undefined;
    if (isGiven) next[name] = until;
    if (isGiven || !window || window.leftPercent > littleLeftPercent || isOver(window, now)) continue;
    next[name] =
      plausibleReset(window.resetsAt, now, longestWindowMs) ??
      now + (window.windowMinutes ?? fallbackMinutes[name]) * 60_000;
    notice ??= name;
  }
  return { notice, given: next };
}

/** Whether the window has reset since the service gave it, or this computer's clock is ahead: what is left now is not known. */
function isOver({ resetsAt }: UsageWindow, now: number): boolean {
  return resetsAt !== undefined && resetsAt <= now;
}

const fallbackMinutes: Readonly<Record<UsageWindowName, number>> = { fiveHour: 300, weekly: 10_080 };

const dayMs = 24 * 60 * 60_000;
/** No plan's window is longer, ms. */
const longestWindowMs = 366 * dayMs;
/** A limit that resets later than this is not one that a person waits for, ms. */
const longestWaitMs = 10 * longestWindowMs;

/**
 * When a limit resets, unless that is so far away that it cannot be: ms since 1970.
 * @param now ms since 1970
 */
export function plausibleReset(
  resetsAt: number | undefined,
  now: number,
  longestMs = longestWaitMs,
): number | undefined {
  return resetsAt !== undefined && resetsAt - now <= longestMs ? resetsAt : undefined;
}

/** Windows longer than a day are shown as the weekly one. */
const dayMinutes = 24 * 60;

function usage(
  primary: UsageWindow | undefined,
  secondary: UsageWindow | undefined,
  plan: string | undefined,
  limitReached: boolean,
): Usage | undefined {
  if (!primary && !secondary && !limitReached) return undefined;
  // Some plans have the weekly window alone, and then as the primary one: the length decides, not the place.
  const isLong = (window: UsageWindow | undefined, otherwise: boolean) =>
    window?.windowMinutes === undefined ? otherwise : window.windowMinutes > dayMinutes;
  const windows = [
    { window: primary, long: isLong(primary, false) },
    { window: secondary, long: isLong(secondary, true) },
  ];
  return {
    fiveHour: windows.find(({ window, long }) => window && !long)?.window,
    weekly: windows.find(({ window, long }) => window && long)?.window,
    plan,
    limitReached,
  };
}

/** @param resetAt seconds since 1970 */
function usageWindow(
  used: number | undefined,
  minutes: number | undefined,
  resetAt: number | undefined,
): UsageWindow | undefined {
  // A plan that has no such window has 0 for everything.
  if (used === undefined || (used === 0 && !minutes && !resetAt)) return undefined;
  const usedPercent = Math.min(100, Math.max(0, used));
  return {
    usedPercent,
    leftPercent: 100 - usedPercent,
    resetsAt: asTime(resetAt),
    windowMinutes: minutes && minutes > 0 && minutes * 60_000 <= longestWindowMs ? minutes : undefined,
  };
}
