import { basename, dirname } from "node:path";
import type { Accounts } from "../account/accounts.ts";
import {
  accountIdOf,
  type CodexLink,
  type Credential,
  claimsOf,
  credentialVersion,
  type LinkedCredential,
  type LoginTokens,
  namesAccount,
} from "../account/credential.ts";
import { clockOffsetOfLogin } from "../oauth/clockOffset.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { authFilePath, readCredentialsStore } from "./authFile/codexHome.ts";
import { authFileAt } from "./authFile/contents.ts";
import { type AuthFile, parseAuthFile } from "./authFile/parse.ts";
import { type AuthFileWarning, readAuthFile } from "./authFile/read.ts";
import type { CodexCli } from "./codexCli.ts";
import { authFileProblem, ofOwnFile, unreadableProblem } from "./problems.ts";

/** A login of the Codex CLI, read and not yet stored. */
export interface CodexLogin {
  readonly file: AuthFile;
  /** Where it can be followed; undefined for pasted text, and for a file that the Codex CLI does not use. */
  readonly link: Pick<CodexLink, "codexHome" | "store"> | undefined;
  readonly warnings: readonly AuthFileWarning[];
}

/**
 * Reads the login of the Codex CLI on this computer, from its file or, through the Codex CLI, from the system's
 * keyring.
 * @throws Problem
 */
export async function readLoginOf(cli: CodexCli): Promise<CodexLogin> {
  const home = await cli.home();
  if (home.status === "invalid") throw new Problem("codexHomeInvalid");
  const store = await readCredentialsStore(home.path);
  if (store === "keyring" || store === "auto") {
    const login = await readLoginFromKeyring(cli, home.path, store);
    if (login) return login;
  }
  return readLoginAt(authFilePath(home.path)).catch((error: unknown) => {
    throw isProblem(error) ? ofOwnFile(error) : error;
  });
}

/** Reads the login in a file. @throws Problem */
export async function readLoginAt(path: string): Promise<CodexLogin> {
  const read = await readAuthFile(path);
  if (read.status !== "read") throw unreadableProblem(read.status);
  const codexHome = basename(path) === "auth.json" ? dirname(path) : undefined;
  return {
    file: parseLogin(read.text),
    link: codexHome === undefined ? undefined : { codexHome, store: "file" },
    warnings: read.warnings,
  };
}

/** Reads a login that was pasted. @throws Problem */
export function readLoginFromText(text: string): CodexLogin {
  return { file: parseLogin(text), link: undefined, warnings: [] };
}

/** Undefined where the file is to be read instead. */
async function readLoginFromKeyring(
  cli: CodexCli,
  codexHome: string,
  store: "keyring" | "auto",
): Promise<CodexLogin | undefined> {
  const path = authFilePath(codexHome);
  const mayBeFile = store === "auto" && (await readAuthFile(path)).status !== "missing";
  if (mayBeFile && (await cli.find()).status !== "found") return undefined;
  const accessToken = await cli.accessToken(codexHome);
  // With a login in the keyring, the Codex CLI ignores an old file. It may have refreshed either one just now.
  const isFile = accessToken === undefined || accessToken === (await authFileAt(path))?.tokens?.accessToken;
  if (mayBeFile && isFile) return undefined;
  if (accessToken === undefined) throw new Problem("codexSignedOut");
  return { file: loginOfAccessToken(accessToken), link: { codexHome, store: "keyring" }, warnings: [] };
}

function loginOfAccessToken(accessToken: string): AuthFile {
  const tokens = keyringTokens(accessToken);
  const claims = claimsOf(tokens);
  if (claims.hasUnusableWorkspace) throw new Problem("authFileBadCharacters");
  return {
    mode: "chatgpt",
    tokens: { ...tokens, refreshToken: undefined, workspaceId: claims.workspaceId },
    apiKey: undefined,
    identity: { email: claims.email, plan: claims.plan, userId: claims.userId },
    accessTokenExpiresAt: claims.expiresAt,
    lastRefresh: undefined,
  };
}

function parseLogin(text: string): AuthFile {
  const result = parseAuthFile(text);
  if (!result.ok) throw authFileProblem(result.problem);
  return result.file;
}

/** The tokens of a linked record: without the refresh token, which only its owner uses. */
export function linkedTokens({ idToken, accessToken }: LoginTokens): LoginTokens {
  return { idToken, accessToken };
}

/** The tokens of a login in the keyring: the Codex CLI shares only its access token, which names the account too. */
export function keyringTokens(accessToken: string): LoginTokens {
  return { idToken: accessToken, accessToken };
}

/** The id that a login's account has here; undefined for one that has no tokens, or whose tokens name nobody. */
export function accountOf(file: AuthFile, issuer: string): string | undefined {
  const claims = file.tokens && claimsOf(linkedTokens(file.tokens));
  return claims && namesAccount(claims) ? accountIdOf(issuer, claims) : undefined;
}

/**
 * Checks that a link may replace a sign-in that has a refresh token. A link has none, and its file can be an old copy,
 * so the Codex CLI must answer that it uses this login.
 * @throws Problem `loginNotInUse`, or why the Codex CLI could not be asked
 */
export async function assertMayReplace(
  { accounts, cli }: { accounts: Accounts; cli: CodexCli },
  { file }: CodexLogin,
  codexHome: string,
  issuer: string,
): Promise<void> {
  const id = accountOf(file, issuer);
  const present = accounts.entry(id ?? "")?.credential;
  if (!present || present.origin === "linked" || present.rejected) return;
  const accessToken = await cli.accessToken(codexHome);
  if (accessToken === undefined) throw new Problem("loginNotInUse");
  if (accessToken === file.tokens?.accessToken) return;
  // A login that is due is refreshed when the Codex CLI is asked for it.
  const now = await authFileAt(authFilePath(codexHome));
  if (now?.tokens?.accessToken !== accessToken || accountOf(now, issuer) !== id) throw new Problem("loginNotInUse");
}

/**
 * The record to store for a login: linked where `link` is given, else copied.
 * @param now ms since 1970
 * @throws Problem `authFileNamesNobody`
 */
export function credentialOf(file: AuthFile, link: CodexLink | undefined, issuer: string, now: number): Credential {
  const { tokens, apiKey, lastRefresh } = file;
  if (!tokens) throw new TypeError("This login cannot be stored in this way.");
  const { idToken, accessToken, refreshToken } = tokens;
  const id = accountOf(file, issuer);
  if (id === undefined) throw new Problem("authFileNamesNobody");
  const common: Omit<LinkedCredential, "origin" | "tokens" | "link" | "handOff"> = {
    version: credentialVersion,
    id,
    issuer,
    sequence: 0,
    signedInAt: now,
    receivedAt: Math.min(lastRefresh ?? now, now),
    ...(lastRefresh !== undefined && { lastRefreshAt: lastRefresh }),
    clockOffset: clockOffsetOfLogin(now, claimsOf(tokens).issuedAt, lastRefresh),
    derivedKey:
      apiKey === undefined
        ? // A key is made from an ID token, which the CLI does not share from the keyring.
          { status: "absent", why: link?.store === "keyring" ? "refused" : "pending" }
        : { status: "present", key: apiKey, createdAt: lastRefresh ?? now },
  };
  if (link) return { ...common, origin: "linked", link, tokens: linkedTokens(tokens) };
  if (refreshToken === undefined) throw new TypeError("This login cannot be stored in this way.");
  return { ...common, origin: "copied", tokens: { idToken, accessToken, refreshToken } };
}
