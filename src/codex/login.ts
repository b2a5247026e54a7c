import { basename, dirname } from "node:path";
import type { Accounts } from "../account/accounts.ts";
import { accountIdOf, type CodexLink, type Credential, claimsOf, keptByTheCli } from "../account/credential.ts";
import type { TokenSet } from "../oauth/tokenEndpoint.ts";
import { WordedProblem } from "../shared/problem.ts";
import { authFilePath, invalidCodexHomeSentence, readCredentialsStore } from "./authFile/codexHome.ts";
import { type AuthFile, type CodexTokens, parseAuthFile } from "./authFile/parse.ts";
import { describeAuthFileProblem } from "./authFile/problem.ts";
import { type AuthFileWarning, describeUnreadable, readAuthFile } from "./authFile/read.ts";
import type { CodexCli } from "./codexCli.ts";

/** A login of the Codex CLI, read and not yet stored. */
export interface CodexLogin {
  readonly file: AuthFile;
  /** Where it can be followed; undefined for a paste, and for a file that is out of the CLI's reach. */
  readonly link: Pick<CodexLink, "codexHome" | "store"> | undefined;
  readonly warnings: readonly AuthFileWarning[];
}

/**
 * Reads the login of the CLI on this computer, from its file or, through the CLI, from the system's keyring.
 * @throws WordedProblem
 */
export async function readLoginOf(cli: CodexCli): Promise<CodexLogin> {
  const home = await cli.home();
  if (home.status === "invalid") throw new WordedProblem(invalidCodexHomeSentence);
  const store = await readCredentialsStore(home.path);
  if (store === "keyring" || store === "auto") {
    const login = await readLoginFromKeyring(cli, home.path, store);
    if (login) return login;
  }
  return readLoginAt(authFilePath(home.path));
}

/** @throws WordedProblem */
export async function readLoginAt(path: string): Promise<CodexLogin> {
  const read = await readAuthFile(path);
  if (read.status !== "read") throw new WordedProblem(describeUnreadable(read.status), read.status);
  const codexHome = basename(path) === "auth.json" ? dirname(path) : undefined;
  return {
    file: parseLogin(read.text),
    link: codexHome === undefined ? undefined : { codexHome, store: "file" },
    warnings: read.warnings,
  };
}

/** @throws WordedProblem */
export function readLoginFromText(text: string): CodexLogin {
  return { file: parseLogin(text), link: undefined, warnings: [] };
}

/** Undefined where the file is to be read instead. */
async function readLoginFromKeyring(cli: CodexCli, codexHome: string, store: "keyring" | "auto") {
  const path = authFilePath(codexHome);
  const mayBeFile = store === "auto" && (await readAuthFile(path)).status !== "missing";
  if (mayBeFile && (await cli.find()).status !== "found") return undefined;
  const accessToken = await cli.accessToken(codexHome);
  // Beside a login in the keyring the CLI leaves an old file alone; it may have renewed either one just now.
  if (mayBeFile && (accessToken === undefined || accessToken === (await parsedAt(path))?.tokens?.accessToken))
    return undefined;
  if (accessToken === undefined) throw new WordedProblem(describeAuthFileProblem({ reason: "noCredential" }));
  const login: CodexLogin = {
    file: loginOfAccessToken(accessToken),
    link: { codexHome, store: "keyring" },
    warnings: [],
  };
  return login;
}

async function parsedAt(path: string): Promise<AuthFile | undefined> {
  const read = await readAuthFile(path);
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  return result?.ok ? result.file : undefined;
}

/** All that the CLI gives away of a login in the keyring: its access token, which names the account too. */
function loginOfAccessToken(accessToken: string): AuthFile {
  const claims = claimsOf({ idToken: accessToken, accessToken, refreshToken: keptByTheCli });
  return {
    mode: "chatgpt",
    tokens: { idToken: accessToken, accessToken, refreshToken: undefined, accountId: claims.accountId },
    apiKey: undefined,
    identity: { email: claims.email, plan: claims.plan, userId: claims.userId },
    accessTokenExpiresAt: claims.expiresAt,
    lastRefresh: undefined,
  };
}

function parseLogin(text: string): AuthFile {
  const result = parseAuthFile(text);
  if (!result.ok) throw new WordedProblem(describeAuthFileProblem(result.problem), result.problem.reason);
  return result.file;
}

/** The tokens of a linked record: without the refresh token, which its owner alone spends. */
export function linkedTokens({ idToken, accessToken }: Pick<CodexTokens, "idToken" | "accessToken">): TokenSet {
  return { idToken, accessToken, refreshToken: keptByTheCli };
}

/** The id that a login's account has here. */
export function accountOf(file: AuthFile, issuer: string): string | undefined {
  return file.tokens && accountIdOf(issuer, claimsOf(linkedTokens(file.tokens)));
}

const notInUse =
  "The Codex CLI does not use this login, so your sign-in here was kept. Check “codex login status” in a terminal, then try again.";

/**
 * A link holds no refresh token, so it takes the place of a sign-in that does only when the CLI answers that it has this
 * login: a file can be an old copy.
 * @throws WordedProblem
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
  if (accessToken === undefined) throw new WordedProblem(notInUse);
  if (accessToken === file.tokens?.accessToken) return;
  // It renews a login that is due when it is asked for it.
  const now = await parsedAt(authFilePath(codexHome));
  if (now?.tokens?.accessToken !== accessToken || accountOf(now, issuer) !== id) throw new WordedProblem(notInUse);
}

/**
 * The record to store for a login: linked where `link` is given, else copied.
 * @param now ms since 1970
 */
export function credentialOf(file: AuthFile, link: CodexLink | undefined, issuer: string, now: number): Credential {
  const { tokens, apiKey, lastRefresh } = file;
  const refreshToken = link ? keptByTheCli : tokens?.refreshToken;
  if (!tokens || refreshToken === undefined) throw new TypeError("This login cannot be stored in this way.");
  const kept = { idToken: tokens.idToken, accessToken: tokens.accessToken, refreshToken };
  return {
    version: 1,
    id: accountIdOf(issuer, claimsOf(kept)),
    origin: link ? "linked" : "copied",
    issuer,
    tokens: kept,
    sequence: 0,
    signedInAt: now,
    receivedAt: Math.min(lastRefresh ?? now, now),
    ...(lastRefresh !== undefined && { lastRefreshAt: lastRefresh }),
    clockOffset: 0,
    derivedKey:
      apiKey === undefined
        ? // What the CLI gives out of the keyring holds no ID token, which a key is made from.
          { status: "absent", why: link?.store === "keyring" ? "refused" : "pending" }
        : { status: "present", key: apiKey, createdAt: lastRefresh ?? now },
    ...(link && { link }),
  };
}
