import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import { type CodexLink, claimsOf, isPending } from "../../account/credential.ts";
import type { FollowUp } from "../../account/followUp/followUp.ts";
import type { WorkspacePolicy } from "../../account/workspacePolicy.ts";
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
import { Problem } from "../../shared/problem.ts";
import { shownText } from "../../shared/shownText.ts";
import type { OwnKeyActions } from "../apiKey/ownKeyActions.ts";
import type { EndpointReview } from "../endpoints/review.ts";
import { switchAuthMode } from "../signIn/authModeSwitch.ts";
import { choose } from "../vscode/confirm.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import { askForAuthFile } from "./authFileBox.ts";
import { readChosenFile } from "./chosenFile.ts";
import { confirmImport } from "./preview.ts";

export interface CodexImportDependencies {
  accounts: Accounts;
  cli: CodexCli;
  followUp: FollowUp;
  policy: WorkspacePolicy;
  ownKey: OwnKeyActions;
  endpoints: EndpointReview;
  notifications: Notifications;
  clock: Clock;
}

/** Of a path that is shown; characters. */
const longestPath = 300;

type Source = "here" | "browse" | "paste";

/** Imports the login of the Codex CLI: links it, copies it, or uses only its API key. */
export class CodexImport {
  readonly #dependencies: CodexImportDependencies;

  constructor(dependencies: CodexImportDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Asks where the login is, shows what it contains and stores what the person chose.
   * @returns whether the person would rather sign in here
   * @throws Problem; then nobody is signed out
   */
  async run(): Promise<"signIn" | undefined> {
    const login = await this.#read();
    if (!login) return undefined;
    const issuer = settings.endpoint("issuer");
    await this.#dependencies.accounts.load();
    const { accounts, ownKey } = this.#dependencies;
    const choice = await confirmImport(login, {
      account: accounts.entry(accountOf(login.file, issuer) ?? "") !== undefined,
      key: login.file.apiKey === undefined ? undefined : ownKey.replacedBy(login.file.apiKey),
    });
    if (choice === "apiKey") await this.#useApiKey(login);
    else if (choice === "copy") await this.#store(login, undefined, l10n.t("The Codex CLI's login was copied."));
    else if (choice === "link" && login.link) return this.#link(login, login.link);
    return undefined;
  }

  /** Links a login without another question: its file is followed, and the Codex CLI refreshes it. */
  async link(login: CodexLogin, link: CodexLink): Promise<void> {
    await this.#store(login, link, l10n.t("You're signed in with the Codex CLI's login."));
  }

  async #link(login: CodexLogin, link: NonNullable<CodexLogin["link"]>): Promise<"signIn" | undefined> {
    const found = await this.#dependencies.cli.find();
    if (found.status === "found" || link.store === "keyring") {
      await assertMayReplace(this.#dependencies, login, link.codexHome, settings.endpoint("issuer"));
      await this.link(login, { ...link, refreshHere: false });
      return undefined;
    }
    const signIn = l10n.t("Sign in with ChatGPT");
    const refreshHere = l10n.t("Let This Extension Refresh It");
    const answer = await choose(
      {
        question: l10n.t("The Codex CLI isn't installed here, so nothing refreshes its login."),
        detail: l10n.t(
          "Sign in here to get a separate sign-in for this extension. Or let this extension refresh the login and write it back to its file. Other copies of that file will then be signed out.",
        ),
        no: l10n.t("Don't Link"),
      },
      [signIn, refreshHere],
    );
    if (answer === signIn) return "signIn";
    if (answer === refreshHere) {
      if (this.#hasSignIn(login)) throw new Problem("loginNotConfirmed");
      await this.link(login, { ...link, refreshHere: true });
    }
    return undefined;
  }

  /** Whether its account has a valid sign-in here, whose refresh token a link would drop. */
  #hasSignIn({ file }: CodexLogin): boolean {
    const present = this.#dependencies.accounts.entry(accountOf(file, settings.endpoint("issuer")) ?? "")?.credential;
    return present !== undefined && present.origin !== "linked" && !present.rejected;
  }

  async #store(login: CodexLogin, link: CodexLink | undefined, sentence: string): Promise<void> {
    const { accounts, followUp, policy, endpoints, notifications, clock } = this.#dependencies;
    const issuer = settings.endpoint("issuer");
    const credential = credentialOf(login.file, link, issuer, clock.now());
    policy.assertMayStore(credential.tokens);
    // A login that does not name its issuer is OpenAI's.
    await endpoints.permitImport(issuerOf(credential.tokens.idToken) ?? defaultIssuer, issuer);
    // The setting may have changed while the person was asked.
    policy.assertMayStore(credential.tokens);
    await accounts.tellTogether(async () => {
      await accounts.storeSignIn(credential);
      await switchAuthMode("chatgpt", notifications, clock);
    });
    notifications.info(sentence);
    if (isPending(credential.derivedKey) && policy.isAllowed(claimsOf(credential.tokens))) {
      followUp.begin(credential.issuer, credential.tokens.idToken).finish(credential.id);
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
        { location: vscode.ProgressLocation.Window, title: l10n.t("Reading the Codex CLI's login…") },
        () => readLoginOf(this.#dependencies.cli),
      );
    }
    if (source === "browse") {
      const uri = await this.#browse(folder);
      const login = uri && (await readChosenFile(uri));
      const linkable = login?.link && (await this.#dependencies.cli.mayUseHome(login.link.codexHome));
      return login && (linkable ? login : { ...login, link: undefined });
    }
    const text = source && (await askForAuthFile());
    return text ? readLoginFromText(text) : undefined;
  }

  async #askForSource(folder: string | undefined): Promise<Source | undefined> {
    const items: (vscode.QuickPickItem & { source: Source })[] = [
      {
        label: l10n.t("Codex CLI on This Computer"),
        ...(folder !== undefined && { description: shownText(authFilePath(folder), longestPath) ?? "" }),
        source: "here",
      },
      { label: l10n.t("Browse…"), description: l10n.t("Choose an auth.json file"), source: "browse" },
      {
        label: l10n.t("Paste…"),
        description: l10n.t("Paste the content of an auth.json file; it isn't written to disk"),
        source: "paste",
      },
    ];
    const item = await vscode.window.showQuickPick(items, {
      title: l10n.t("Import from Codex CLI"),
      placeHolder: l10n.t("Where is the Codex CLI's login?"),
      ignoreFocusOut: true,
    });
    return item?.source;
  }

  async #browse(folder: string | undefined): Promise<vscode.Uri | undefined> {
    const chosen = await vscode.window.showOpenDialog({
      title: l10n.t("Import from Codex CLI"),
      openLabel: l10n.t("Import"),
      filters: { JSON: ["json"], [l10n.t("All Files")]: ["*"] },
      ...(folder !== undefined && { defaultUri: vscode.Uri.file(folder) }),
    });
    return chosen?.[0];
  }
}
