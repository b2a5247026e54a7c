import * as l10n from "@vscode/l10n";

/** What can go wrong with a request to a model, beside what network.ts, account.ts and apiKey.ts have. */
export const modelProblems = {
  /** `resetsAt`: ms since 1970, where the service gave it. */
  usageLimitReached: ({ resetsAt }: { resetsAt: number | undefined }) =>
    resetsAt === undefined || !isShowable(resetsAt)
      ? l10n.t("You've reached the usage limit of your ChatGPT plan. Try again later, or switch to an API key.")
      : l10n.t("You've reached the usage limit of your ChatGPT plan. {reset} To continue now, switch to an API key.", {
          reset: resetSentence(resetsAt),
        }),
  usageNotIncluded: () =>
    l10n.t("Your ChatGPT plan doesn't include this. See chatgpt.com for the plans that do, or use an API key."),
  quotaExceeded: () =>
    l10n.t("The OpenAI API account of this key has no quota left. Check its plan and billing on platform.openai.com."),
  modelNotSupported: () => l10n.t("This model isn't available to your account. Choose another model."),
  contextLengthExceeded: () => l10n.t("The conversation is too long for this model. Start a new chat, or attach less."),
  contentRefused: () =>
    l10n.t("OpenAI declined this request because of its usage policies. Rephrase it, then try again."),
  overloaded: () => l10n.t("OpenAI is temporarily unavailable. Try again in a few minutes."),
  forbidden: () => l10n.t("OpenAI doesn't allow this account or key to make this request. Check the log for details."),
  derivedKeyRejected: () =>
    l10n.t(
      "OpenAI doesn't accept your account API key. Run “Open ChatGPT Settings” to create a new one, or set “chatgptSignIn.chatBackend” to “chatgpt”.",
    ),
  derivedKeyMissing: () =>
    l10n.t(
      "The setting “chatgptSignIn.chatBackend” needs an account API key, and your account has none. Run “Open ChatGPT Settings” to see why.",
    ),
  badRequest: () => l10n.t("OpenAI couldn't accept this request. Check the log for details."),
  extensionNotAllowed: () =>
    l10n.t("This extension needs your permission to use OpenAI models. Try again in a minute, then choose “Allow”."),
  extensionRefused: () =>
    l10n.t(
      "You didn't allow this extension to use OpenAI models. To be asked again, remove it from the list in ChatGPT Settings.",
    ),
  /** The answer broke off before it was complete. */
  streamLost: () => l10n.t("The connection was lost before the answer was complete. Try again."),
  /** Nothing came for the idle limit. */
  silent: () => l10n.t("OpenAI sent nothing for 5 minutes, so the request was stopped. Try again."),
  /** It was still coming after the longest time that an answer may take. */
  endless: () => l10n.t("The answer wasn't complete after an hour, so the request was stopped. Try a smaller task."),
};

export type ModelProblemCode = keyof typeof modelProblems;

/**
 * The one notice of a usage window that runs low.
 * @param resetsAt ms since 1970, where it is known
 * @param now ms since 1970
 */
export function littleLeftSentence(
  window: "fiveHour" | "weekly",
  leftPercent: number,
  resetsAt: number | undefined,
  now: number,
): string {
  const left = leftSentence(window, Math.floor(leftPercent));
  return resetsAt === undefined || !isShowable(resetsAt) ? left : `${left} ${resetSentence(resetsAt, now)}`;
}

function leftSentence(window: "fiveHour" | "weekly", percent: number): string {
  if (window === "weekly") {
    return percent < 1
      ? l10n.t("You've used your weekly limit.")
      : l10n.t("{percent}% of your weekly limit is left.", { percent });
  }
  return percent < 1
    ? l10n.t("You've used your 5-hour limit.")
    : l10n.t("{percent}% of your 5-hour limit is left.", { percent });
}

/** Whether every calendar and time zone can show a time, ms since 1970. */
function isShowable(at: number): boolean {
  return Math.abs(at) < 8.64e15 - 86_400_000;
}

/**
 * When a limit resets, in the person's local time; with the day unless that is today.
 * @param resetsAt ms since 1970, a time that calendars have
 */
export function resetSentence(resetsAt: number, now = Date.now()): string {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, options).format(resetsAt);
  const time = format({ hour: "numeric", minute: "2-digit" });
  if (new Date(resetsAt).toDateString() === new Date(now).toDateString()) {
    return l10n.t("It resets at {time}.", { time });
  }
  const day = format({ weekday: "long", month: "long", day: "numeric" });
  return l10n.t("It resets on {day} at {time}.", { day, time });
}
