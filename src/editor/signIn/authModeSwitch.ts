import { type Clock, delay } from "../../platform/clock.ts";
import { describeError } from "../../platform/logger.ts";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import { Problem } from "../../shared/problem.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";

/** How long what the switch belongs to waits for it, ms. */
const patienceMs = 3_000;

/**
 * Switches the auth mode as a part of something else, which stands without it: a sign-in, a sign-out. Never throws and
 * takes 3 s at most; the person is told when the setting could not be written.
 */
export async function switchAuthMode(authMode: AuthMode, notifications: Notifications, clock: Clock): Promise<void> {
  const waited = new AbortController();
  const written = settings
    .setAuthMode(authMode)
    .catch((error: unknown) => void notifications.problem("Switching the mode", notSaved(error)))
    .finally(() => waited.abort());
  await Promise.race([written, delay(clock, patienceMs, waited.signal).catch(() => {})]);
}

/** The setting could not be written. */
export function notSaved(error: unknown): Problem {
  return new Problem("modeNotSaved", describeError(error));
}
