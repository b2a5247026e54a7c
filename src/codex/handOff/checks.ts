import type { HeldCredential } from "../../account/credential.ts";
import { defaultIssuer } from "../../oauth/issuer.ts";
import { isLoopback } from "../../platform/endpoint.ts";
import { Problem } from "../../shared/problem.ts";
import type { AppServerResult, CodexAppServer } from "../appServer/appServer.ts";
import type { AppServerFailure } from "../appServer/appServerProcess.ts";
import { authFilePath, loginRulesOf, obstacleTo, readLoginRules } from "../authFile/codexHome.ts";
import { readAuthFile } from "../authFile/read.ts";
import { appServerProblem } from "../problems.ts";
import { loginTokensIn } from "./fileState.ts";
import { isPending } from "./record.ts";
import { type SettleDependencies, settle } from "./settle.ts";

/** A sign-in that the Codex CLI could refresh. */
export interface SignInToHandOff {
  readonly credential: HeldCredential;
  readonly workspaceId: string;
}

/**
 * The sign-in of an account, if it can be handed off. Settles an earlier hand-off of it first.
 * @throws Problem `notSignedIn`, `needsSignIn`, `staleWindow`, `handOffNoWorkspace`, `handOffOtherIssuer`, and as
 * `settle`
 */
export async function signInToHandOff(dependencies: SettleDependencies, id: string): Promise<SignInToHandOff> {
  const { accounts } = dependencies;
  const entry = await accounts.reread(id);
  if (!entry || entry.credential.origin === "linked") throw new Problem("notSignedIn");
  if (entry.credential.rejected) throw new Problem("needsSignIn", entry.credential.rejected);
  // The refresh token of an older value has been used, or belongs to another owner by now.
  if (await accounts.isOlder(entry.credential)) throw new Problem("staleWindow");
  if (isPending(entry.credential)) await settle(dependencies, entry.credential);
  // Settling may have changed it.
  const credential = accounts.entry(id)?.credential;
  const workspaceId = entry.account.workspaceId;
  if (!credential || credential.origin === "linked") throw new Problem("notSignedIn");
  if (workspaceId === undefined) throw new Problem("handOffNoWorkspace");
  if (!isKnownToCodex(credential.issuer)) throw new Problem("handOffOtherIssuer");
  return { credential, workspaceId };
}

/**
 * Refuses a hand-off before anything is written where the Codex CLI would not keep the login.
 * @throws Problem
 */
export async function assertWouldKeep(server: CodexAppServer, codexHome: string, workspaceId: string): Promise<void> {
  const inFile = obstacleTo(await readLoginRules(codexHome), workspaceId);
  if (inFile) throw new Problem(inFile);
  const login = await askForToken(server);
  if (!login.ok && !isPerhapsOfItsFile(login.failure)) throw appServerProblem(login.failure);
  // Files other than that config.toml may contain rules too.
  const config = await server.configuration();
  // With a mistake in its config.toml, the Codex CLI answers the first question as if there were none (seen with
  // 0.169).
  if (!config.ok && (login.ok || !isPerhapsOfItsFile(config.failure))) {
    throw new Problem("handOffNoRules", config.failure);
  }
  const inForce = config.ok && config.value && obstacleTo(loginRulesOf(config.value), workspaceId);
  if (inForce) throw new Problem(inForce);
  const present = loginTokensIn(await readAuthFile(authFilePath(codexHome)));
  if (login.ok && login.value !== undefined && login.value !== present?.accessToken) {
    throw new Problem("handOffOtherLogin");
  }
}

/** The access token that the Codex CLI uses, once it has saved the result of a refresh on the way. */
export async function askForToken(server: CodexAppServer): Promise<AppServerResult<string | undefined>> {
  const answer = await server.accessTokenFromCli();
  await server.settled();
  return answer;
}

/**
 * Whether the Codex CLI would refresh a login at this issuer. It knows only OpenAI's, so the refresh token of another
 * issuer would go to OpenAI. An issuer on this computer is a test of OpenAI's.
 */
function isKnownToCodex(issuer: string): boolean {
  return issuer === defaultIssuer || isLoopback(URL.parse(issuer)?.hostname ?? "");
}

/** Whether the Codex CLI may fail in this way because it cannot cope with its present auth.json. */
function isPerhapsOfItsFile(failure: AppServerFailure): boolean {
  return failure === "died" || failure === "refused";
}
