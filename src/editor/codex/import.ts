import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import { type CodexLink, claimsOf } from "../../account/credential.ts";
import type { FollowUp } from "../../account/followUp/followUp.ts";
import { authFilePath } from "../../codex/authFile/codexHome.ts";
import type { CodexCli } from "../../codex/codexCli.ts";
import {
  accountOf,
  assertMayReplace,
  type CodexLogin,
  credentialOf,
  readLoginFromText,
  readLoginOf,
} from "../../codex/login.ts";
import { issuerOf } from "../../oauth/claims.ts";
import { defaultIssuer } from "../../oauth/issuer.ts";
import type { Clock } from "../../platform/clock.ts";
import { Problem, WordedProblem } from "../../shared/problem.ts";
import type { OwnKeyActions } from "../apiKey/ownKeyActions.ts";
import type { EndpointReview } from "../endpoints/review.ts";
import { switchAuthMode } from "../signIn/authModeSwitch.ts";
import { askForAuthFile } from "../signIn/pasteBox.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import { readChosenFile } from "./chosenFile.ts";
import { confirmImport } from "./preview.ts";

export interface CodexImportDependencies {
  accounts: Accounts;
  cli: CodexCli;
  followUp: FollowUp;
  ownKey: OwnKeyActions;
  endpoints: EndpointReview;
  notifications: Notifications;
  clock: Clock;
}

const notShown =
  "You are signed in with this account already. Without the Codex CLI nothing shows whether this login still works, so your sign-in here was kept. Install the Codex CLI, or sign out here first.";

type Source = "here" | "browse" | "paste";

/** Takes over a login of the Codex CLI: linked, copied, or its API key alone. */
export class CodexImport {
  readonly #dependencies: CodexImportDependencies;

  constructor(parts: CodexImportDependencies) {
    this.#dependencies = parts;
  }

  /**
   * Asks where the login is, shows what it holds and stores what the person chose. Resolves with whether they would
   * rather sign in here.
   * @throws Problem, WordedProblem or Problem `badSetting`; what was signed in before still is
   */
  async run(): Promise<"signIn" | undefined> {
    const login = await this.#read();
    if (!login) return undefined;
    const issuer = settings.endpoint("issuer");
    await this.#dependencies.accounts.load();
    const choice = await confirmImport(
      login,
      this.#dependencies.accounts.entry(accountOf(login.file, issuer) ?? "") !== undefined,
    );
    if (choice === "apiKey") await this.#useApiKey(login);
    else if (choice === "copy") await this.#store(login, undefined, "The login of the Codex CLI was copied.");
    else if (choice === "link" && login.link) return this.#link(login, login.link);
    return undefined;
  }

  /** Links a login without asking any more: its file is followed, and the CLI renews it. */
  async link(login: CodexLogin, link: CodexLink): Promise<void> {
    await this.#store(login, link, "You are signed in with the login of the Codex CLI.");
  }

  async #link(login: CodexLogin, link: NonNullable<CodexLogin["link"]>): Promise<"signIn" | undefined> {
    const found = await this.#dependencies.cli.find();
    if (found.status === "found" || link.store === "keyring") {
      await assertMayReplace(this.#dependencies, login, link.codexHome, settings.endpoint("issuer"));
      await this.link(login, { ...link, refreshHere: false });
      return undefined;
    }
    const answer = await vscode.window.showWarningMessage(
      "The Codex CLI is not installed here, so nothing renews its login.",
      {
        modal: true,
        detail:
          "Sign in here to get a sign-in of this extension's own. Or let this extension renew the login and write it back to its file; whoever else has a copy of that file will be signed out.",
      },
      "Sign in with ChatGPT",
      "Renew the File Here",
    );
    if (answer === "Sign in with ChatGPT") return "signIn";
    if (answer === "Renew the File Here") {
      if (this.#hasSignIn(login)) throw new WordedProblem(notShown);
      await this.link(login, { ...link, refreshHere: true });
    }
    return undefined;
  }

  /** Whether its account has a sign-in here that is accepted, with a refresh token that a link would give up. */
  #hasSignIn({ file }: CodexLogin): boolean {
    const present = this.#dependencies.accounts.entry(accountOf(file, settings.endpoint("issuer")) ?? "")?.credential;
    return present !== undefined && present.origin !== "linked" && !present.rejected;
  }

  async #store(login: CodexLogin, link: CodexLink | undefined, sentence: string): Promise<void> {
    const { accounts, followUp, endpoints, notifications, clock } = this.#dependencies;
    const issuer = settings.endpoint("issuer");
    const credential = credentialOf(login.file, link, issuer, clock.now());
    const allowed = settings.allowedWorkspaces;
    const workspace = claimsOf(credential.tokens).accountId;
    if (allowed.length > 0 && (workspace === undefined || !allowed.includes(workspace))) {
      throw new Problem("workspaceNotAllowed");
    }
    // A login that does not name its issuer is the real service's.
    await endpoints.permitImport(issuerOf(credential.tokens.idToken) ?? defaultIssuer, issuer);
    await accounts.tellTogether(async () => {
      await accounts.put(credential, { activate: true });
      await switchAuthMode("chatgpt", notifications, clock);
    });
    notifications.info(sentence);
    if (credential.derivedKey.status === "absent" && credential.derivedKey.why === "pending") {
      followUp.begin(credential.issuer, credential.tokens.idToken)(credential.id);
    }
  }

  async #useApiKey({ file }: CodexLogin): Promise<void> {
    if (file.apiKey === undefined) return;
    const { ownKey, notifications, clock } = this.#dependencies;
    if (await ownKey.adopt(file.apiKey)) await switchAuthMode("apiKey", notifications, clock);
  }

  async #read(): Promise<CodexLogin | undefined> {
    const home = await this.#dependencies.cli.home();
    const folder = home.status === "invalid" ? undefined : home.path;
    const source = await this.#askForSource(folder);
    if (source === "here") {
      return vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title: "Reading the login of the Codex CLI…" },
        () => readLoginOf(this.#dependencies.cli),
      );
    }
    if (source === "browse") {
      const uri = await this.#browse(folder);
      const login = uri && (await readChosenFile(uri));
      const linkable = login?.link && (await this.#dependencies.cli.mayLiveIn(login.link.codexHome));
      return login && (linkable ? login : { ...login, link: undefined });
    }
    const text = source && (await askForAuthFile());
    return text ? readLoginFromText(text) : undefined;
  }

  async #askForSource(folder: string | undefined): Promise<Source | undefined> {
    const items: (vscode.QuickPickItem & { source: Source })[] = [
      {
        label: "Codex CLI on This Computer",
        ...(folder !== undefined && { description: authFilePath(folder) }),
        source: "here",
      },
      { label: "Browse…", description: "an auth.json elsewhere", source: "browse" },
      { label: "Paste…", description: "the content of an auth.json; it is not written to disk", source: "paste" },
    ];
    const item = await vscode.window.showQuickPick(items, {
      title: "Import from Codex CLI",
      placeHolder: "Where is the login of the Codex CLI?",
      ignoreFocusOut: true,
    });
    return item?.source;
  }

  async #browse(folder: string | undefined): Promise<vscode.Uri | undefined> {
    const chosen = await vscode.window.showOpenDialog({
      title: "Import from Codex CLI",
      openLabel: "Import",
      filters: { JSON: ["json"], "All Files": ["*"] },
      ...(folder !== undefined && { defaultUri: vscode.Uri.file(folder) }),
    });
    return chosen?.[0];
  }
}
