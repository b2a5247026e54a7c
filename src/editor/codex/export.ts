import { basename } from "node:path";
import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import type { CredentialSource } from "../../account/credentialSource.ts";
import { describeAppServerFailure } from "../../codex/appServer/appServer.ts";
import { describeCodexNotFound } from "../../codex/appServer/findCodex.ts";
import { authFilePath, invalidCodexHomeSentence } from "../../codex/authFile/codexHome.ts";
import { type AuthFileRead, describeUnreadable, readAuthFile } from "../../codex/authFile/read.ts";
import type { CodexCli } from "../../codex/codexCli.ts";
import { handOff } from "../../codex/handOff.ts";
import { assertMayReplace, readLoginOf } from "../../codex/login.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Lock } from "../../platform/lock.ts";
import { Problem, WordedProblem } from "../../shared/problem.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import type { CodexImport } from "./import.ts";

export interface CodexExportDependencies {
  accounts: Accounts;
  source: CredentialSource;
  cli: CodexCli;
  codexImport: CodexImport;
  lock: Lock;
  clock: Clock;
  notifications: Notifications;
}

/** A person has this long to sign the CLI in, ms. */
const loginLimitMs = 10 * 60_000;
const cliSignsIn = "Let the CLI Sign In";
const handsOver = "Hand Over This Sign-in";

/** Gets the Codex CLI signed in: by itself, or with the sign-in of this extension. */
export class CodexExport {
  readonly #dependencies: CodexExportDependencies;

  constructor(parts: CodexExportDependencies) {
    this.#dependencies = parts;
  }

  /** @throws Problem or WordedProblem; what was signed in before still is */
  async run(): Promise<void> {
    const { accounts, cli, notifications } = this.#dependencies;
    await accounts.load();
    const active = accounts.state.active;
    if (active?.origin === "linked" && !active.rejected) {
      notifications.info("The Codex CLI is signed in with this account already; its login is linked here.");
      return;
    }
    const home = await cli.home();
    if (home.status === "invalid") throw new WordedProblem(invalidCodexHomeSentence);
    const found = await cli.find();
    if (found.status !== "found") throw new WordedProblem(describeCodexNotFound(found.status), found.status);
    const mayHandOff = active && !active.rejected && active.origin !== "linked";
    const choices = [cliSignsIn, ...(mayHandOff ? [handsOver] : [])];
    const answer = await vscode.window.showInformationMessage(
      "Sign in the Codex CLI?",
      { modal: true, detail: choices.map((choice) => explain(choice, home.path)).join("\n\n") },
      ...choices,
    );
    if (answer === cliSignsIn) await this.#signInCli(home.path);
    else if (answer === handsOver && active) await this.#handOff(active.id, home.path);
  }

  async #signInCli(codexHome: string): Promise<void> {
    const { cli, clock, codexImport } = this.#dependencies;
    const read = await readAuthFile(authFilePath(codexHome));
    const present = read.status !== "missing" || (await cli.accessToken(codexHome)) !== undefined;
    if (present && !(await this.#mayReplace("It is replaced when the new sign-in is complete."))) return;
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
          title: "Waiting for the Codex CLI to be signed in in the browser…",
          cancellable: true,
        },
        (_progress, token) => {
          token.onCancellationRequested(() => login.cancel());
          return login.completed;
        },
      );
      if (late) throw new Problem("timedOut");
      if (!result.ok && result.failure === "cancelled") return;
      if (!result.ok) throw new WordedProblem(describeAppServerFailure(result.failure), result.failure);
    } catch (error) {
      login.cancel();
      throw error;
    } finally {
      limit.dispose();
    }
    const written = await readLoginOf(cli);
    if (!written.link) return;
    // It may have kept the login elsewhere than in a file that was left from before.
    await assertMayReplace(this.#dependencies, written, written.link.codexHome, settings.endpoint("issuer"));
    await codexImport.link(written, { ...written.link, refreshHere: false });
  }

  async #handOff(id: string, codexHome: string): Promise<void> {
    const { source, notifications } = this.#dependencies;
    const replace = await this.#fileToReplace(authFilePath(codexHome));
    if (replace === "no") return;
    // What is handed over should last a while.
    await source.accessToken(id);
    const backup = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: "Handing the sign-in over to the Codex CLI…" },
      () => handOff(this.#dependencies, { id, codexHome, replace }),
    );
    const kept = backup === undefined ? "" : ` The login that was there is kept beside it as “${basename(backup)}”.`;
    notifications.info(`The sign-in now belongs to the Codex CLI, and is linked here.${kept}`);
  }

  /** @throws WordedProblem when what stands there cannot be read, and so not be kept */
  async #fileToReplace(path: string): Promise<Extract<AuthFileRead, { status: "read" }> | undefined | "no"> {
    const read = await readAuthFile(path);
    if (read.status === "missing") return undefined;
    if (read.status !== "read") throw new WordedProblem(describeUnreadable(read.status), read.status);
    return (await this.#mayReplace("It is kept beside the new one as a backup.")) ? read : "no";
  }

  async #mayReplace(detail: string): Promise<boolean> {
    const answer = await vscode.window.showWarningMessage(
      "The Codex CLI has a login already. Replace it?",
      { modal: true, detail },
      "Replace",
    );
    return answer === "Replace";
  }
}

function explain(choice: string, codexHome: string): string {
  return choice === cliSignsIn
    ? `${cliSignsIn}: it gets a login of its own in the browser, which is then linked here.`
    : `${handsOver}: writes it to ${authFilePath(codexHome)}. Its refresh token works only once and cannot be shared, so from then on the Codex CLI owns the sign-in and this extension follows it.`;
}
