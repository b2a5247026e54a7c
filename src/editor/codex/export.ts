import { basename } from "node:path";
import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import type { CredentialSource } from "../../account/credentialSource.ts";
import type { WorkspacePolicy } from "../../account/workspacePolicy.ts";
import { authFilePath } from "../../codex/authFile/codexHome.ts";
import { type ReadFile, readAuthFile } from "../../codex/authFile/read.ts";
import { assertMayReplace, readLoginOf } from "../../codex/login.ts";
import type { CodexServices } from "../../codex/module.ts";
import { appServerProblem, notFoundProblem, ofOwnFile, unreadableProblem } from "../../codex/problems.ts";
import type { Clock } from "../../platform/clock.ts";
import { Problem } from "../../shared/problem.ts";
import { shownText } from "../../shared/shownText.ts";
import { choose, confirm } from "../vscode/confirm.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import type { CodexImport } from "./import.ts";

export interface CodexExportDependencies {
  accounts: Accounts;
  source: CredentialSource;
  policy: WorkspacePolicy;
  codexImport: CodexImport;
  codex: Pick<CodexServices, "cli" | "handOff">;
  clock: Clock;
  notifications: Notifications;
}

/** Of a path that is shown; characters. */
const longestPath = 300;
/** How long a person has to sign the Codex CLI in, ms. */
const loginLimitMs = 10 * 60_000;

/** Signs the Codex CLI in: by itself, or with the sign-in of this extension. */
export class CodexExport {
  readonly #dependencies: CodexExportDependencies;

  constructor(dependencies: CodexExportDependencies) {
    this.#dependencies = dependencies;
  }

  /** Asks how the Codex CLI should sign in, and does it. @throws Problem; then nobody is signed out */
  async run(): Promise<void> {
    const { accounts, codex, policy, notifications } = this.#dependencies;
    await accounts.load();
    const active = accounts.state.active;
    if (active?.origin === "linked" && !active.rejected) {
      notifications.info(l10n.t("This account is already linked to the Codex CLI."));
      return;
    }
    const home = await codex.cli.home();
    if (home.status === "invalid") throw new Problem("codexHomeInvalid");
    const found = await codex.cli.find();
    if (found.status !== "found") throw notFoundProblem(found.status);
    const hasSignIn = active && !active.rejected && active.origin !== "linked";
    const forbidden = hasSignIn && policy.problem(active);
    const mayHandOff = hasSignIn && !forbidden;
    const cliSignsIn = l10n.t("Let Codex CLI Sign In");
    const handsOver = l10n.t("Hand Over This Sign-in");
    const explanations = [
      l10n.t(
        "Let Codex CLI Sign In: The Codex CLI signs in with the browser and gets its own login, which is then linked here.",
      ),
    ];
    if (mayHandOff) {
      explanations.push(
        l10n.t(
          "Hand Over This Sign-in: Your sign-in is written to {path}. Its refresh token works only once and can't be shared, so from then on the Codex CLI owns the sign-in and this extension follows it.",
          { path: shownText(authFilePath(home.path), longestPath) ?? "auth.json" },
        ),
      );
    }
    if (forbidden) explanations.push(forbidden.message);
    const question = l10n.t("How should the Codex CLI sign in?");
    const answer = await choose(
      { question, detail: explanations.join("\n\n"), no: l10n.t("Don't Sign In") },
      mayHandOff ? [cliSignsIn, handsOver] : [cliSignsIn],
    );
    if (answer === cliSignsIn) await this.#signInCli(home.path);
    else if (answer === handsOver && active) await this.#handOff(active.id, home.path);
  }

  async #signInCli(codexHome: string): Promise<void> {
    const { accounts, codex, clock, codexImport } = this.#dependencies;
    const { cli } = codex;
    const read = await readAuthFile(authFilePath(codexHome));
    const present = read.status !== "missing" || (await cli.accessToken(codexHome)) !== undefined;
    if (present && !(await this.#mayReplace(l10n.t("It's replaced once the new sign-in is complete.")))) return;
    const login = await cli.startLogin(codexHome);
    let late = false;
    const limit = clock.after(loginLimitMs, () => {
      late = true;
      login.cancel();
    });
    try {
      await vscode.env.openExternal(vscode.Uri.parse(login.authUrl));
      const result = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: l10n.t("Waiting for the Codex CLI to sign in with the browser…"),
          cancellable: true,
        },
        (_progress, token) => {
          token.onCancellationRequested(() => login.cancel());
          return login.completed;
        },
      );
      if (late) throw new Problem("codexLoginTimedOut");
      if (!result.ok && result.failure === "cancelled") return;
      if (!result.ok) throw appServerProblem(result.failure);
    } catch (error) {
      login.cancel();
      throw error;
    } finally {
      limit.dispose();
    }
    const written = await readLoginOf(cli);
    if (!written.link) return;
    // The Codex CLI may have stored its login elsewhere, so that this file is an old one.
    await assertMayReplace({ accounts, cli }, written, written.link.codexHome, settings.endpoint("issuer"));
    await codexImport.link(written, { ...written.link, refreshHere: false });
  }

  async #handOff(id: string, codexHome: string): Promise<void> {
    const { source, codex, notifications } = this.#dependencies;
    const replace = await this.#fileToReplace(authFilePath(codexHome));
    if (replace === "no") return;
    // The Codex CLI should get an access token that does not expire soon.
    await source.accessToken(id);
    const backup = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: l10n.t("Handing over the sign-in to the Codex CLI…") },
      () => codex.handOff({ id, codexHome, replace }),
    );
    notifications.info(
      backup === undefined
        ? l10n.t("The Codex CLI owns this sign-in now. It stays linked here.")
        : l10n.t("The Codex CLI owns this sign-in now. Backup: “{backup}”.", {
            backup: shownText(basename(backup)) ?? "",
          }),
    );
  }

  /**
   * The present file, if the person agrees to replace it.
   * @throws Problem when it cannot be read: there would be no backup
   */
  async #fileToReplace(path: string): Promise<ReadFile | undefined | "no"> {
    const read = await readAuthFile(path);
    if (read.status === "missing") return undefined;
    if (read.status !== "read") throw ofOwnFile(unreadableProblem(read.status));
    return (await this.#mayReplace(l10n.t("A backup is kept beside the new login."))) ? read : "no";
  }

  #mayReplace(detail: string): Promise<boolean> {
    const question = l10n.t("The Codex CLI is already signed in. Replace its login?");
    return confirm({ question, detail, no: l10n.t("Keep Login") }, l10n.t("Replace"));
  }
}
