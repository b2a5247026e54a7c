import type { Accounts } from "../../account/accounts.ts";
import type { Credential } from "../../account/credential.ts";
import { type Clock, delay } from "../../platform/clock.ts";
import type { Lock } from "../../platform/lock.ts";
import { Problem } from "../../shared/problem.ts";
import { authFilePath } from "../authFile/codexHome.ts";
import { readAuthFile } from "../authFile/read.ts";
import { removeLeftovers } from "../authFile/replace.ts";
import { restoreAuthFile } from "../authFile/write.ts";
import { authFileProblem, ofOwnFile, unreadableProblem } from "../problems.ts";
import { stateOf } from "./fileState.ts";
import { isPending, linkedRecord, type PendingHandOff, withoutHandOff } from "./record.ts";

export interface SettleDependencies {
  accounts: Accounts;
  lock: Lock;
  clock: Clock;
}

/**
 * Who owns the login after a hand-off: this extension (`ours`, and `changed` where somebody else has written the file) or
 * the Codex CLI (`linked`).
 */
export type Outcome = "ours" | "linked" | "changed";

/** How long a file may be half written, ms. */
const rewriteMs = 150;

/**
 * Settles a hand-off that a crash has cut off or that could not finish: takes the login back, unless the Codex CLI has
 * refreshed it. To be called with the lock over the account held.
 * @throws Problem when that is not possible now; then the refresh token must not be used
 */
export async function settleHandOff(dependencies: SettleDependencies, credential: Credential): Promise<void> {
  if (!isPending(credential)) return;
  await dependencies.lock.hold("codex-cli", async () => {
    // An older value of a record says nothing about a hand-off that is over.
    if (!(await dependencies.accounts.isOlder(credential))) await settle(dependencies, credential);
  });
}

/**
 * Decides by the file alone who owns the login. To be called with the locks over the account and the Codex CLI held.
 * @throws Problem as `settleHandOff`
 */
export async function settle(
  dependencies: Pick<SettleDependencies, "accounts" | "clock">,
  pending: PendingHandOff,
  tries = 3,
): Promise<Outcome> {
  const { accounts, clock } = dependencies;
  const { codexHome, replaced } = pending.handOff;
  const path = authFilePath(codexHome);
  await removeAllLeftovers(path, replaced?.backup);
  const read = await readAuthFile(path);
  if (read.status !== "read" && read.status !== "missing") throw ofOwnFile(unreadableProblem(read.status));
  const state = stateOf(read, pending);
  if (state.status === "halfWritten") {
    // The Codex CLI may be rewriting its file in place.
    // Whoever reads that the file is half written does not know yet that there is a backup.
    if (tries <= 1) throw replaced ? notRestored(pending, state.problem.reason) : authFileProblem(state.problem);
    await delay(clock, rewriteMs);
    return settle(dependencies, pending, tries - 1);
  }
  if (state.status === "refreshed") {
    // The Codex CLI has used our refresh token: what it got for it is the login now.
    await accounts.passOn(linkedRecord(pending, state.tokens, "file", clock.now()));
    return "linked";
  }
  if (state.status === "foreign") {
    await accounts.store(withoutHandOff(pending));
    return "changed";
  }
  const result = await restoreAuthFile(path, read.status === "read" ? read : "nothing", replaced);
  if (result.status === "changed" && tries > 1) return settle(dependencies, pending, tries - 1);
  if (result.status !== "restored") throw notRestored(pending, result.status);
  await accounts.store(withoutHandOff(pending));
  return "ours";
}

/** A process that was killed while it wrote one of these files has left a login beside it. */
async function removeAllLeftovers(path: string, backup: string | undefined): Promise<void> {
  await removeLeftovers(path);
  if (backup !== undefined) await removeLeftovers(backup);
}

function notRestored({ handOff }: PendingHandOff, status: string): Problem {
  return new Problem(handOff.replaced ? "handOffNotRestoredWithBackup" : "handOffNotRestored", status);
}
