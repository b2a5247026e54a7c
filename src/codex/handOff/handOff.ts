import { authFilePath } from "../authFile/codexHome.ts";
import { type ReadFile, readAuthFile } from "../authFile/read.ts";
import { type ExportResult, exportAuthFile, replacedFile } from "../authFile/write.ts";
import type { CodexCli } from "../codexCli.ts";
import { writeProblem } from "../problems.ts";
import { assertWouldKeep, type SignInToHandOff, signInToHandOff } from "./checks.ts";
import { confirm } from "./confirm.ts";
import { holdsOurToken } from "./fileState.ts";
import { type PendingHandOff, withoutHandOff } from "./record.ts";
import { type SettleDependencies, settle } from "./settle.ts";

export interface HandOff {
  /** The account whose sign-in is handed off. */
  readonly id: string;
  readonly codexHome: string;
  /** The present login of the Codex CLI, once the person has agreed that it be replaced. */
  readonly replace: ReadFile | undefined;
}

export interface HandOffDependencies extends SettleDependencies {
  cli: CodexCli;
}

/**
 * Writes a sign-in of ours as the login of the Codex CLI and links it. A refresh token works only once, so it must have
 * one owner. That changes only when the Codex CLI has answered that it uses this login; otherwise its earlier file is
 * restored. Until then the record here keeps the refresh token and notes that a hand-off is under way. So nobody uses
 * the token meanwhile, and `settleHandOff` can finish what a crash has cut off.
 * @returns the path of the backup, if a file was replaced
 * @throws Problem why it was not handed off; then the sign-in stays ours
 */
export function handOff(dependencies: HandOffDependencies, request: HandOff): Promise<string | undefined> {
  const { lock } = dependencies;
  // No window may refresh the tokens, nor ask the Codex CLI to, while both have them.
  return lock.hold(request.id, () => lock.hold("codex-cli", () => handOffAlone(dependencies, request)));
}

async function handOffAlone(dependencies: HandOffDependencies, request: HandOff): Promise<string | undefined> {
  const { cli, clock } = dependencies;
  const { id, codexHome, replace } = request;
  const signIn = await signInToHandOff(dependencies, id);
  const server = await cli.at(codexHome);
  await assertWouldKeep(server, codexHome, signIn.workspaceId);

  const now = clock.now();
  const pending = await begin(dependencies, request, signIn, now);
  const written = await write(pending, signIn.workspaceId, replace, now);
  if (written.status !== "written") {
    await withdraw(dependencies, pending, written.status);
    throw writeProblem(written.status);
  }
  await confirm(dependencies, server, pending);
  return written.backup;
}

/** Stores that the hand-off is under way, with what it replaces. */
async function begin(
  { accounts }: HandOffDependencies,
  { codexHome, replace }: HandOff,
  { credential }: SignInToHandOff,
  now: number,
): Promise<PendingHandOff> {
  const replaced = replace && (await replacedFile(replace, now));
  if (replace && !replaced) throw writeProblem("changed");
  const pending = { ...credential, handOff: { codexHome, ...(replaced && { replaced }) } };
  await accounts.store(pending);
  return pending;
}

function write(pending: PendingHandOff, workspaceId: string, replace: HandOff["replace"], now: number) {
  const { tokens, lastRefreshAt, signedInAt, handOff } = pending;
  const login = { ...tokens, workspaceId, refreshedAt: lastRefreshAt ?? signedInAt };
  return exportAuthFile(authFilePath(handOff.codexHome), login, replace, now);
}

/** Ends a hand-off whose file is reported as not written. On a network disk it may be there all the same. */
async function withdraw(
  dependencies: HandOffDependencies,
  pending: PendingHandOff,
  status: Exclude<ExportResult["status"], "written">,
): Promise<void> {
  const found = await readAuthFile(authFilePath(pending.handOff.codexHome));
  const isUnclear = status === "failed" && found.status !== "read" && found.status !== "missing";
  if (isUnclear || holdsOurToken(found, pending)) await settle(dependencies, pending);
  else await dependencies.accounts.store(withoutHandOff(pending));
}
