import type { LinkedCredential } from "../../account/credential.ts";
import { isProblem, Problem } from "../../shared/problem.ts";
import type { AppServerResult, CodexAppServer } from "../appServer/appServer.ts";
import { authFilePath } from "../authFile/codexHome.ts";
import { readAuthFile } from "../authFile/read.ts";
import { keyringTokens } from "../login.ts";
import { appServerProblem } from "../problems.ts";
import { askForToken } from "./checks.ts";
import { isInUse, loginTokensIn } from "./fileState.ts";
import { isSuccessor, linkedRecord, type PendingHandOff } from "./record.ts";
import { type SettleDependencies, settle } from "./settle.ts";

/**
 * Makes an account a linked one when the Codex CLI shows that it uses the login that was written; otherwise takes the
 * login back.
 * @throws Problem why the login was taken back
 */
export async function confirm(
  dependencies: SettleDependencies,
  server: CodexAppServer,
  pending: PendingHandOff,
): Promise<void> {
  const { accounts } = dependencies;
  const answer = await askForToken(server);
  const linked = answer.ok && (await recordInUse(dependencies, server, pending, answer.value));
  if (!linked) return takeBack(dependencies, pending, answer);
  await link(dependencies, linked, pending);
  // A window that was suspended for long has lost its locks, and another one may have taken the login back.
  if (linked.link.store === "keyring" || isInUse(await readAuthFile(pathOf(pending)), pending)) return;
  const back = { ...pending, sequence: linked.sequence + 1 };
  await accounts.store(back);
  await takeBack(dependencies, back, answer);
}

/** The linked record for a login that the Codex CLI uses; undefined when it uses another one, or none. */
async function recordInUse(
  { clock }: SettleDependencies,
  server: CodexAppServer,
  pending: PendingHandOff,
  accessToken: string | undefined,
): Promise<LinkedCredential | undefined> {
  const read = await readAuthFile(pathOf(pending));
  const tokens = loginTokensIn(read);
  if (tokens && tokens.accessToken === accessToken && tokens.refreshToken === pending.tokens.refreshToken) {
    return linkedRecord(pending, tokens, "file", clock.now());
  }
  if (accessToken === undefined || read.status !== "missing") return undefined;
  // It has moved its login into the keyring, or it has signed out after its answer.
  const again = await askForToken(server);
  if (!again.ok || again.value === undefined) return undefined;
  const kept = keyringTokens(again.value);
  const isKept = isSuccessor(kept, pending) && (await readAuthFile(pathOf(pending))).status === "missing";
  return isKept ? linkedRecord(pending, kept, "keyring", clock.now()) : undefined;
}

/** Stores the linked record. @throws Problem when that fails; then the login is taken back where that is safe */
async function link(
  dependencies: SettleDependencies,
  linked: LinkedCredential,
  pending: PendingHandOff,
): Promise<void> {
  const { accounts } = dependencies;
  try {
    await accounts.passOn(linked);
  } catch (error) {
    if (isProblem(error, "notSignedIn")) {
      // Signed out elsewhere meanwhile: the Codex CLI gets its earlier login back.
      await settle(dependencies, pending).catch(() => undefined);
      throw error;
    }
    // What is stored now is unknown: the file is restored only after the record with the refresh token is safe.
    await accounts.store(pending);
    if (linked.link.store === "file") await settle(dependencies, pending);
    throw error;
  }
}

/** @throws Problem why the Codex CLI has not become the owner; resolves when it has after all */
async function takeBack(
  dependencies: SettleDependencies,
  pending: PendingHandOff,
  answer: AppServerResult<string | undefined>,
): Promise<void> {
  const outcome = await settle(dependencies, pending);
  if (outcome === "linked") return;
  if (outcome === "changed") {
    throw new Problem(pending.handOff.replaced ? "handOffChangedWithBackup" : "handOffChanged");
  }
  throw answer.ok ? new Problem("handOffNotTaken") : appServerProblem(answer.failure);
}

function pathOf({ handOff }: PendingHandOff): string {
  return authFilePath(handOff.codexHome);
}
