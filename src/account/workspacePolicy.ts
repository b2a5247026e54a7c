import { Problem } from "../shared/problem.ts";
import { isAllowedWorkspace } from "./allowedWorkspaces.ts";
import { claimsOf, type LoginTokens } from "./credential.ts";

/** The part of an account that says where it belongs. */
interface InWorkspace {
  readonly workspaceId?: string | undefined;
}

/**
 * Which ChatGPT workspaces may be used, as an administrator or the person has set. It holds whenever an account is used,
 * however it came here and whatever held then. An account that it forbids stays signed in: the setting may change again.
 *
 * One value decides, and it is the one that an account's id, its requests' header and what is shown are made from: the
 * claim `chatgpt_account_id` of the ID token or, where that has none, of the access token (openai/codex compares the ID
 * token's).
 */
export class WorkspacePolicy {
  readonly #allowed: () => readonly string[];

  /** @param allowed read at each use; all are allowed when it is empty, and an entry that is empty allows none */
  constructor(allowed: () => readonly string[]) {
    this.#allowed = allowed;
  }

  /** Whether an account of this ChatGPT workspace may be used. */
  isAllowed({ workspaceId }: InWorkspace): boolean {
    return isAllowedWorkspace(workspaceId, this.#allowed());
  }

  /** Why an account of this ChatGPT workspace is not used, for the person to act on; undefined when it is. */
  problem(account: InWorkspace): Problem | undefined {
    if (this.isAllowed(account)) return undefined;
    return new Problem(this.#isUsable ? "accountNotAllowed" : "allowedWorkspacesUnusable");
  }

  /** @throws Problem `accountNotAllowed`, `allowedWorkspacesUnusable` */
  assertAllowed(account: InWorkspace): void {
    const problem = this.problem(account);
    if (problem) throw problem;
  }

  /** To be called before a login is stored. @throws Problem `workspaceNotAllowed` */
  assertMayStore(tokens: LoginTokens): void {
    if (!this.isAllowed(claimsOf(tokens))) throw new Problem("workspaceNotAllowed");
  }

  /** Whether the setting names anything that could be an id. */
  get #isUsable(): boolean {
    return this.#allowed().some((id) => id !== "");
  }
}
