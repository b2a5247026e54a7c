import { type Credential, parseCredential } from "../../../src/account/credential.ts";
import type { Operation } from "../operations.ts";
import type { Played } from "../played.ts";
import type { Finding } from "../rules.ts";
import { authFile } from "../world/codexLogin.ts";
import { type Grant, refreshTokensIn } from "../world/grants.ts";
import type { InstalledCodex } from "../world/installedCodex.ts";

/** What was wrong between the extension and the Codex CLI. */
export function codexIsRight(played: Played): Finding[] {
  const { codex } = played;
  if (!codex) return [];
  return [...acceptedAccounts(played, codex), ...twoOwners(played), ...endedLogins(played), ...backups(played)];
}

/** Whether a hand-off could not be settled because somebody has left the file half written: then nobody can tell. */
function isHalfWritten({ folder }: Played): boolean {
  const text = folder.items.get(authFile)?.text;
  if (text === undefined) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** Accounts whose grant lives with its owner, and which are shown as signed out, or cannot be used in the calm end. */
function acceptedAccounts(played: Played, { refused }: InstalledCodex): Finding[] {
  const listed = new Set(played.final.flatMap(({ persons }) => persons));
  return [...listed].flatMap((person): Finding[] => {
    const credential = recordOf(played, person);
    const grant = credential && grantOf(played, credential);
    if (!grant || grant.ended || grant.person !== person || refused.has(person)) return [];
    if (credential.handOff && isHalfWritten(played)) return [];
    const what = `${credential.origin} grant ${grant.id} lives, but`;
    if (played.final.some(({ rejected }) => rejected.includes(person))) {
      return [{ rule: "notSignedOut", what: `${what} rejected is ${person}` }];
    }
    return failedUses(played, person).map(({ problem, window }) => ({
      rule: "notSignedOut",
      what: `${what} ${window} says ${problem} to ${person}`,
    }));
  });
}

function failedUses({ operations, calmAt }: Played, person: string): Operation[] {
  return operations.all.filter(
    ({ kind, person: whose, startedAt, outcome }) =>
      kind === "use" && whose === person && startedAt > calmAt && outcome === "failed",
  );
}

/** The stored record of a person's account. */
export function recordOf({ keyring }: Played, person: string): Credential | undefined {
  for (const [key, text] of keyring.values) {
    const stored = key.startsWith("credential.") ? parseCredential(text) : undefined;
    if (stored?.status === "found" && emailIn(stored.credential) === `${person}@example.com`) return stored.credential;
  }
  return undefined;
}

function emailIn({ tokens }: Credential): string | undefined {
  return JSON.parse(Buffer.from(tokens.idToken.split(".")[1] ?? "", "base64url").toString()).email;
}

/** The grant whose newest refresh token is where this record's owner keeps it. */
function grantOf(played: Played, { origin, tokens }: Credential): Grant | undefined {
  const value = origin === "linked" ? tokenInFile(played) : tokens.refreshToken;
  const token = played.issuer.grants.refreshTokens.get(value ?? "");
  return token?.spent ? undefined : token?.grant;
}

/** The refresh token in auth.json, if that can be understood. */
function tokenInFile({ folder }: Played): string | undefined {
  try {
    return JSON.parse(folder.items.get(authFile)?.text ?? "").tokens.refresh_token;
  } catch {
    return undefined;
  }
}

/** Grants that a record here and the file of the Codex CLI both have. */
function twoOwners(played: Played): Finding[] {
  const grant = played.issuer.grants.refreshTokens.get(tokenInFile(played) ?? "")?.grant;
  if (!grant || grant.ended) return [];
  const credential = recordOf(played, grant.person);
  if (credential?.origin !== "own" || credential.rejected) return [];
  const own = played.issuer.grants.refreshTokens.get(credential.tokens.refreshToken)?.grant;
  if (own !== grant) return [];
  return [{ rule: "oneOwner", what: `grant ${grant.id} of ${grant.person} is ours, and the Codex CLI's too` }];
}

/** Logins of the Codex CLI that a window has revoked. */
function endedLogins({ issuer, operations }: Played): Finding[] {
  const isHandedOff = ({ person, ended, signIn }: Grant) =>
    operations.all.some(
      ({ kind, outcome, said, endedAt = 0, startedAt, person: whose }) =>
        kind === "handOff" &&
        outcome === "done" &&
        said?.startsWith("backup") === true &&
        whose === person &&
        endedAt < (ended?.at ?? 0) &&
        isLastSignInBefore(operations.all, person, startedAt, signIn),
    );
  return issuer.grants.all
    .filter(({ ended }) => ended?.why === "revoked" && ended.by !== undefined && /^[A-Z]\d+$/.test(ended.by))
    .filter((grant) => operations.all[grant.signIn - 1]?.kind === "cliSignIn" || isHandedOff(grant))
    .map(({ id, person, ended }) => ({
      rule: "cliKeepsLogin",
      what: `${ended?.by} revoked grant ${id} of ${person}, which is the Codex CLI's`,
    }));
}

/** Whether a sign-in is the last of the person that began before a moment. */
function isLastSignInBefore(all: readonly Operation[], person: string, at: number, signIn: number): boolean {
  const before = all.filter(
    (each) => each.person === person && ["signIn", "link", "copy"].includes(each.kind) && each.startedAt < at,
  );
  return before.at(-1)?.number === signIn;
}

function backups(played: Played): Finding[] {
  const { folder, operations, keyring } = played;
  // A hand-off that is not settled yet may still need it.
  if (isHalfWritten(played) && [...keyring.values.values()].some((text) => text.includes('"handOff"'))) return [];
  const handOffs = operations.all.filter(({ kind }) => kind === "handOff");
  const isTold = (path: string) =>
    handOffs.some(({ said, problem }) => said?.includes(path) === true || problem?.endsWith("WithBackup") === true);
  return [...folder.items]
    .filter(([path, { text }]) => path.includes(".backup-") && refreshTokensIn(text ?? "").length > 0)
    .filter(([path]) => !isTold(path))
    .map(([path]) => ({ rule: "backupsAreTold", what: `${path} is left, and nobody was told` }));
}
