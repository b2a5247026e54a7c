import type { Accounts } from "../account/accounts.ts";
import { accountIdOf, type CodexLink, type Credential, claimsOf } from "../account/credential.ts";
import { defaultIssuer } from "../oauth/issuer.ts";
import { type Clock, delay } from "../platform/clock.ts";
import { isLoopback } from "../platform/endpoint.ts";
import type { Lock } from "../platform/lock.ts";
import { isProblem, Problem, WordedProblem } from "../shared/problem.ts";
import { type AppServerResult, type CodexAppServer, describeAppServerFailure } from "./appServer/appServer.ts";
import type { AppServerFailure } from "./appServer/appServerProcess.ts";
import { authFilePath, loginRulesOf, obstacleTo, readLoginRules } from "./authFile/codexHome.ts";
import { type CodexTokens, parseAuthFile } from "./authFile/parse.ts";
import { describeAuthFileProblem } from "./authFile/problem.ts";
import { type AuthFileRead, describeUnreadable, readAuthFile } from "./authFile/read.ts";
import { removeLeftovers } from "./authFile/replace.ts";
import { describeWriteFailure, exportAuthFile, replacedFile, restoreAuthFile } from "./authFile/write.ts";
import type { CodexCli } from "./codexCli.ts";
import { linkedTokens } from "./login.ts";

export interface HandOff {
  /** The account whose sign-in is handed over. */
  id: string;
  codexHome: string;
  /** The login that stands there, once the person has agreed that it be replaced. */
  replace: Extract<AuthFileRead, { status: "read" }> | undefined;
}

export interface HandOffDependencies {
  accounts: Accounts;
  cli: CodexCli;
  lock: Lock;
  clock: Clock;
}

/** How long a file may be half written, ms. */
const rewriteMs = 150;

const sentences = {
  noWorkspace:
    "This sign-in names no ChatGPT workspace, without which the Codex CLI would not renew it. Choose “Let the CLI Sign In” instead.",
  otherIssuer:
    "This sign-in is not from OpenAI's own sign-in service, where the Codex CLI would renew it. Choose “Let the CLI Sign In” instead.",
  elsewhere:
    "The Codex CLI uses a login other than the one in its “auth.json”, so it would ignore a new file. Run “codex logout” in a terminal, or choose “Let the CLI Sign In”.",
  noRules:
    "The Codex CLI did not say which of its settings hold for a sign-in, so nothing was handed over. Run “codex login status” in a terminal, which fails where its “config.toml” has a mistake. If there is none, choose “Let the CLI Sign In” instead.",
  notTaken:
    "The Codex CLI did not take over the sign-in, so its login is as it was before and you are still signed in here. Choose “Let the CLI Sign In” instead.",
  changed:
    "The login of the Codex CLI was changed during the handover, so it was left as it is and you are still signed in here. Check “codex login status” in a terminal before you try again.",
  backup: " The CLI's earlier login is kept beside its “auth.json” as a backup.",
  notRestored:
    "You are still signed in here, but the Codex CLI's “auth.json” could not be made as it was before. Check its folder's permissions and the free space on its disk.",
} as const;

/**
 * Writes a sign-in of ours as the login of the Codex CLI and links it: a refresh token works once, so it must have one
 * owner. That changes only when the CLI has answered that it holds this very login; otherwise its earlier file comes
 * back. The record here keeps the refresh token until then, and says that a hand-over is under way, so that nobody
 * spends the token meanwhile and `settleHandOff` can end what a crash has cut off. Resolves with the path of the
 * backup, if a file was replaced.
 * @throws Problem `notSignedIn`, `needsSignIn`, `saveFailed`; WordedProblem otherwise; then the sign-in stays ours
 */
export async function handOff(parts: HandOffDependencies, { id, codexHome, replace }: HandOff) {
  const { accounts, cli, lock, clock } = parts;
  // No window may renew the tokens, nor ask the CLI to, while both have them.
  return lock.hold(id, () =>
    lock.hold("codex-cli", async () => {
      const entry = await accounts.reread(id);
      if (!entry || entry.credential.origin === "linked") throw new Problem("notSignedIn");
      if (entry.credential.rejected) throw new Problem("needsSignIn", entry.credential.rejected);
      // The refresh token of an older value is spent, or another's by now.
      if (await accounts.isOlder(entry.credential)) throw new Problem("staleWindow");
      if (entry.credential.handOff) await settle(parts, entry.credential);
      // As it is then.
      const credential = accounts.entry(id)?.credential;
      const workspace = entry.account.accountId;
      if (!credential || credential.origin === "linked") throw new Problem("notSignedIn");
      if (workspace === undefined) throw new WordedProblem(sentences.noWorkspace);
      if (!isRenewable(credential.issuer)) throw new WordedProblem(sentences.otherIssuer);
      const server = await cli.at(codexHome);
      await assertWouldTake(server, codexHome, workspace);

      const path = authFilePath(codexHome);
      const now = clock.now();
      const replaced = replace && (await replacedFile(replace, now));
      if (replace && !replaced) throw new WordedProblem(describeWriteFailure("changed"), "changed");
      const begun: Credential = { ...credential, handOff: { codexHome, ...(replaced && { replaced }) } };
      await accounts.put(begun);
      const login = {
        ...credential.tokens,
        accountId: workspace,
        refreshedAt: credential.lastRefreshAt ?? credential.signedInAt,
      };
      const result = await exportAuthFile(path, login, replace, now);
      if (result.status !== "written") {
        await withdraw(parts, begun, await readAuthFile(path), result.status);
        throw new WordedProblem(describeWriteFailure(result.status), result.status);
      }
      const failure = await confirm(parts, server, begun, codexHome);
      if (failure !== undefined) throw new WordedProblem(failure);
      return result.backup;
    }),
  );
}

/** Ends a hand-over whose file is said not to have been written, which on a network disk may not be so. */
async function withdraw(
  parts: HandOffDependencies,
  begun: Credential,
  found: AuthFileRead,
  status: "changed" | "exists" | "failed",
): Promise<void> {
  const { handOff: _ended, ...ours } = begun;
  const isUnclear = status === "failed" && found.status !== "read" && found.status !== "missing";
  if (isUnclear || holdsOurs(found, begun)) await settle(parts, begun);
  else await parts.accounts.put(ours);
}

/**
 * Ends a hand-over whose window has crashed or could not finish: takes the login back, unless the CLI has renewed it.
 * To be called with the lock over the account held.
 * @throws WordedProblem when that is not possible for the moment; then the refresh token must not be spent
 */
export async function settleHandOff(parts: HandOffDependencies, credential: Credential): Promise<void> {
  await parts.lock.hold("codex-cli", async () => {
    // An older value of a record whose hand-over is over says nothing.
    if (!(await parts.accounts.isOlder(credential))) await settle(parts, credential);
  });
}

/**
 * Whether the CLI would renew a login of this issuer there. It knows none but OpenAI's, so another's refresh token would
 * go to OpenAI; an issuer on this computer stands in for that one.
 */
function isRenewable(issuer: string): boolean {
  return issuer === defaultIssuer || isLoopback(URL.parse(issuer)?.hostname ?? "");
}

/** Refuses before anything is written where the CLI would not keep it. */
async function assertWouldTake(server: CodexAppServer, codexHome: string, workspace: string): Promise<void> {
  const inFile = obstacleTo(await readLoginRules(codexHome), workspace);
  if (inFile !== undefined) throw new WordedProblem(inFile);
  const login = await server.accessTokenFromCli();
  await server.settled();
  if (!login.ok && !isPerhapsOfItsFile(login.failure))
    throw new WordedProblem(describeAppServerFailure(login.failure), login.failure);
  // Other files than that config.toml may have a say.
  const config = await server.configuration();
  // With a mistake in its config.toml, the CLI answers the first question as if there were none (seen with 0.169).
  if (!config.ok && (login.ok || !isPerhapsOfItsFile(config.failure))) {
    throw new WordedProblem(sentences.noRules, config.failure);
  }
  const inForce = config.ok && config.value && obstacleTo(loginRulesOf(config.value), workspace);
  if (inForce) throw new WordedProblem(inForce);
  const present = tokensIn(await readAuthFile(authFilePath(codexHome)));
  if (login.ok && login.value !== undefined && login.value !== present?.accessToken) {
    throw new WordedProblem(sentences.elsewhere);
  }
}

/** Whether a CLI may fail so because of what stands in its auth.json now, which it cannot cope with. */
function isPerhapsOfItsFile(failure: AppServerFailure): boolean {
  return failure === "died" || failure === "refused";
}

/** Links the record when the CLI shows that it holds the login; else takes that back and resolves with the reason. */
async function confirm(
  parts: HandOffDependencies,
  server: CodexAppServer,
  begun: Credential,
  codexHome: string,
): Promise<string | undefined> {
  const answer = await server.accessTokenFromCli();
  // It may still be renewing the login, and saving what came of it.
  await server.settled();
  const read = await readAuthFile(authFilePath(codexHome));
  const tokens = tokensIn(read);
  let linked: Credential | undefined;
  if (answer.ok && tokens && tokens.accessToken === answer.value && tokens.refreshToken === begun.tokens.refreshToken) {
    linked = linkedRecord(begun, tokens, { codexHome, store: "file" }, parts.clock.now());
  } else if (answer.ok && answer.value !== undefined && read.status === "missing") {
    // It has moved its login into the keyring, or it has signed out after its answer.
    const again = await server.accessTokenFromCli();
    await server.settled();
    const kept = again.ok && again.value !== undefined && { idToken: again.value, accessToken: again.value };
    const isKept =
      kept &&
      isOfAccount(kept, begun) &&
      !isOlder(kept, begun) &&
      (await readAuthFile(authFilePath(codexHome))).status === "missing";
    if (isKept) linked = linkedRecord(begun, kept, { codexHome, store: "keyring" }, parts.clock.now());
  }
  if (linked) {
    try {
      await parts.accounts.passOn(linked);
    } catch (error) {
      if (isProblem(error, "notSignedIn")) {
        // Signed out elsewhere meanwhile: the CLI gets its earlier login back.
        await settle(parts, begun).catch(() => undefined);
        throw error;
      }
      // What is stored now is unknown: the file goes back only after the record with the refresh token is safe.
      await parts.accounts.put(begun);
      if (linked.link?.store === "file") await settle(parts, begun);
      throw error;
    }
    // A window that stood still for long has lost its locks, and another may have taken the login back.
    if (linked.link?.store === "keyring" || isThere(await readAuthFile(authFilePath(codexHome)), begun))
      return undefined;
    const back = { ...begun, sequence: linked.sequence + 1 };
    await parts.accounts.put(back);
    return outcomeOf(await settle(parts, back), back, answer);
  }
  return outcomeOf(await settle(parts, begun), begun, answer);
}

/** Why the CLI has not become the owner; undefined when it has. */
function outcomeOf(
  outcome: Awaited<ReturnType<typeof settle>>,
  begun: Credential,
  answer: AppServerResult<string | undefined>,
): string | undefined {
  if (outcome === "linked") return undefined;
  if (outcome === "changed") return sentences.changed + (begun.handOff?.replaced ? sentences.backup : "");
  return answer.ok ? sentences.notTaken : describeAppServerFailure(answer.failure);
}

/** Decides by the file alone who owns the login. */
async function settle(
  parts: HandOffDependencies,
  begun: Credential,
  tries = 3,
): Promise<"ours" | "linked" | "changed"> {
  if (!begun.handOff) return "ours";
  const { accounts, clock } = parts;
  const { handOff: pending, ...ours } = begun;
  const path = authFilePath(pending.codexHome);
  // Who was killed while they wrote one of them has left a login beside it.
  for (const file of [path, ...(pending.replaced ? [pending.replaced.backup] : [])]) await removeLeftovers(file);
  const read = await readAuthFile(path);
  if (read.status !== "read" && read.status !== "missing") {
    throw new WordedProblem(describeUnreadable(read.status), read.status);
  }
  const isEarlier = isReplaced(read, begun);
  const broken = isEarlier ? undefined : halfWritten(read);
  if (broken !== undefined) {
    // The CLI rewrites it in place.
    if (tries <= 1) throw new WordedProblem(broken);
    await delay(clock, rewriteMs);
    return settle(parts, begun, tries - 1);
  }
  const tokens = tokensIn(read);
  const isOurs = holdsOurs(read, begun);
  if (tokens && !isOurs && isRenewed(read, tokens, begun)) {
    // Renewed by the CLI, which has spent our refresh token: what it got for it is the login now.
    await accounts.passOn(linkedRecord(begun, tokens, { codexHome: pending.codexHome, store: "file" }, clock.now()));
    return "linked";
  }
  const isForeign = read.status === "read" && !isOurs && !isEarlier;
  if (!isForeign) {
    const result = await restoreAuthFile(path, read.status === "read" ? read : "nothing", pending.replaced);
    if (result.status === "changed" && tries > 1) return settle(parts, begun, tries - 1);
    if (result.status !== "restored") {
      throw new WordedProblem(sentences.notRestored + (pending.replaced ? sentences.backup : ""), result.status);
    }
  }
  await accounts.put(ours);
  return isForeign ? "changed" : "ours";
}

function tokensIn(read: AuthFileRead): CodexTokens | undefined {
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  return result?.ok && result.file.mode === "chatgpt" ? result.file.tokens : undefined;
}

/** Whether a file has the login that was handed over, as it was or as the CLI has renewed it. */
function isThere(read: AuthFileRead, begun: Credential): boolean {
  const tokens = tokensIn(read);
  if (!tokens?.refreshToken || isReplaced(read, begun)) return false;
  return tokens.refreshToken === begun.tokens.refreshToken || isRenewed(read, tokens, begun);
}

/** Whether a file is the one that the hand-over has replaced, as it was before. */
function isReplaced(read: AuthFileRead, { handOff: pending }: Credential): boolean {
  return read.status === "read" && read.fingerprint === pending?.replaced?.fingerprint;
}

/** Whether a file has what the CLI got for our login. */
function isRenewed(read: AuthFileRead, tokens: CodexTokens, begun: Credential): boolean {
  if (!tokens.refreshToken || isReplaced(read, begun)) return false;
  return isOfAccount(tokens, begun) && !isOlder(tokens, begun);
}

/** What is wrong with a file that may be being written, which says nothing of who owns the login. */
function halfWritten(read: AuthFileRead): string | undefined {
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  if (!result || result.ok || !["empty", "notJson"].includes(result.problem.reason)) return undefined;
  return describeAuthFileProblem(result.problem);
}

/** Whether our login stands there, also in a form that is unknown here or beside another that is in use. */
function holdsOurs(read: AuthFileRead, { tokens }: Credential): boolean {
  return read.status === "read" && read.text.includes(tokens.refreshToken);
}

/** Whether tokens are from before ours, and so are not what the CLI has got for them. */
function isOlder(tokens: Pick<CodexTokens, "idToken" | "accessToken">, begun: Credential): boolean {
  const [theirs, ours] = [claimsOf(linkedTokens(tokens)).issuedAt, claimsOf(begun.tokens).issuedAt];
  return theirs !== undefined && ours !== undefined && theirs < ours;
}

function isOfAccount(tokens: Pick<CodexTokens, "idToken" | "accessToken">, { id, issuer }: Credential): boolean {
  return accountIdOf(issuer, claimsOf(linkedTokens(tokens))) === id;
}

/** The record of a login that is the CLI's from now on: without the refresh token. */
function linkedRecord(
  { handOff: _ended, ...before }: Credential,
  tokens: Pick<CodexTokens, "idToken" | "accessToken">,
  link: Pick<CodexLink, "codexHome" | "store">,
  now: number,
): Credential {
  const renewed = tokens.accessToken !== before.tokens.accessToken;
  return {
    ...before,
    origin: "linked",
    tokens: linkedTokens(tokens),
    link: { ...link, refreshHere: false },
    // Also where no token is new: another owner is.
    sequence: before.sequence + 1,
    ...(renewed && { receivedAt: now, lastRefreshAt: now }),
  };
}
