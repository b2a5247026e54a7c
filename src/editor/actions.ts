import * as vscode from "vscode";
import type { Accounts } from "../account/accounts.ts";
import type { CredentialSource } from "../account/credentialSource.ts";
import type { EndpointPermissions } from "../account/endpointPermissions.ts";
import { accountBinding } from "../account/endpoints.ts";
import { environmentKey } from "../account/environmentKey.ts";
import type { KeyDeriver } from "../account/followUp/derivedKey.ts";
import type { Refresher } from "../account/refresher.ts";
import type { Entry } from "../account/state.ts";
import { platformUrl } from "../oauth/issuer.ts";
import { systemClock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { AuthMode, FlowName, View } from "../shared/panelProtocol.ts";
import { Problem } from "../shared/problem.ts";
import { isCancelled } from "../signin/attempt.ts";
import type { SignIn, SignInOptions } from "../signin/signIn.ts";
import type { OwnKeyActions } from "./apiKey/ownKeyActions.ts";
import type { CodexExport } from "./codex/export.ts";
import type { CodexImport } from "./codex/import.ts";
import { notSaved, switchAuthMode } from "./signIn/authModeSwitch.ts";
import { SignInProgress } from "./signIn/progress.ts";
import { endAtService } from "./signIn/signOutReport.ts";
import type { SignInSurface } from "./signIn/surface.ts";
import type { Notifications } from "./vscode/notifications.ts";
import { settings } from "./vscode/settings.ts";

export interface ActionDependencies {
  accounts: Accounts;
  source: CredentialSource;
  refresher: Refresher;
  deriver: KeyDeriver;
  signIn: SignIn;
  surface: SignInSurface;
  ownKey: OwnKeyActions;
  codexImport: CodexImport;
  codexExport: CodexExport;
  endpoints: EndpointPermissions;
  notifications: Notifications;
  log: Logger;
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  /** Finds out whose an account's login is, if a hand-over to the Codex CLI is not settled; never rejects. */
  endHandOff: (id: string) => Promise<void>;
}

/** What a person can do, from the palette and from the panel alike. */
export class Actions {
  readonly #dependencies: ActionDependencies;
  readonly #progress: SignInProgress;
  readonly #changed: Emitter<void>;
  #busy: View["busy"];
  #problem: string | undefined;

  constructor(parts: ActionDependencies) {
    this.#dependencies = parts;
    this.#progress = new SignInProgress(parts.signIn);
    this.#changed = new Emitter((error) =>
      parts.log.error(`A listener of the actions failed: ${describeError(error)}`),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  get busy(): View["busy"] {
    return this.#busy;
  }

  /** The last failure, in the sentence that was shown for it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async signIn(options: SignInOptions = {}): Promise<void> {
    const { signIn, notifications } = this.#dependencies;
    if (signIn.running) {
      this.#progress.show();
      return this.#onward(() => signIn.bringForward());
    }
    this.#begin(undefined);
    try {
      const onStored = () => switchAuthMode("chatgpt", notifications, systemClock);
      const done = signIn.run({ ...options, onStored });
      this.#progress.show();
      await done;
      notifications.info("You are signed in with ChatGPT.");
    } catch (error) {
      if (!isCancelled(error)) this.#fail("Signing in", error);
    }
  }

  cancelSignIn(): void {
    this.#dependencies.signIn.cancel();
  }

  /** Goes on with another way to sign in, or starts with it. */
  async signInWith(flow: FlowName): Promise<void> {
    const { signIn } = this.#dependencies;
    if (!signIn.running) return this.signIn({ flow });
    this.#progress.show();
    await this.#onward(() => signIn.switchTo(flow));
  }

  async copySignInLink(): Promise<void> {
    await this.#dependencies.surface.copyLink();
  }

  async copyDeviceCode(): Promise<void> {
    await this.#dependencies.surface.copyDeviceCode();
  }

  async openDevicePage(): Promise<void> {
    await this.#dependencies.surface.openDevicePage();
  }

  /** Tells of a way to sign in that failed while the sign-in goes on. */
  readonly tellTrouble = (error: unknown): void => {
    if (!isCancelled(error)) this.#fail("One way to sign in", error);
  };

  /** Signs in as somebody for a session, and waits for it. @throws what the sign-in failed with, which has been told */
  async signInForSession(options: SignInOptions): Promise<void> {
    const told = this.signIn(options);
    await this.#dependencies.signIn.run(options);
    await told;
  }

  /** Makes another account the active one. */
  async switchAccount(id: string): Promise<void> {
    await this.#run(undefined, "Switching the account", () => this.#dependencies.accounts.setActive(id));
  }

  /** Signs an account out, the active one unless told; the others stay. */
  async signOut(id = this.#dependencies.accounts.state.active?.id): Promise<void> {
    await this.#run("signOut", "Signing out", async () => {
      const { accounts, endpoints, notifications } = this.#dependencies;
      const entry = id === undefined ? undefined : await accounts.tellTogether(() => this.#remove(id));
      if (!entry) throw new Problem("notSignedIn");
      const { accounts: left } = accounts.state;
      const { issuer } = entry.credential;
      // What was allowed goes with the last account that it was allowed for, before a next one is allowed anything.
      if (!left.some((account) => account.issuer === issuer)) endpoints.forget(accountBinding(issuer));
      notifications.info(await endAtService(entry.credential, left.length === 0, this.#dependencies));
    });
  }

  async refresh(): Promise<void> {
    await this.#run("refresh", "Refreshing", async () => {
      const { accounts, refresher, deriver, notifications } = this.#dependencies;
      await accounts.load();
      const entry = accounts.entry();
      if (!entry) throw new Problem("notSignedIn");
      await deriver.derive(await refresher.refresh(entry.credential));
      notifications.info("The ChatGPT credential was refreshed.");
    });
  }

  async importFromCodex(): Promise<void> {
    let instead: "signIn" | undefined;
    await this.#run("codex", "Importing from the Codex CLI", async () => {
      instead = await this.#dependencies.codexImport.run();
    });
    if (instead) await this.signIn();
  }

  async exportToCodex(): Promise<void> {
    await this.#run("codex", "Exporting to the Codex CLI", () => this.#dependencies.codexExport.run());
  }

  async retryDerivedKey(): Promise<void> {
    await this.#run("derivedKey", "Making an API key", async () => {
      const { accounts, source, deriver } = this.#dependencies;
      // The id_token that the key is made from lives an hour.
      await source.accessToken();
      let entry = accounts.entry();
      if (!entry) throw new Problem("notSignedIn");
      if (deriver.needsFreshIdToken(entry)) entry = await this.#dependencies.refresher.refresh(entry.credential);
      await deriver.derive(entry);
    });
  }

  async setAuthMode(authMode: AuthMode): Promise<void> {
    try {
      // No view goes out before the setting has changed: it would turn the panel's toggle back for a moment.
      await settings.setAuthMode(authMode);
    } catch (error) {
      this.#fail("Switching the mode", notSaved(error));
    }
  }

  async setApiKey(): Promise<void> {
    await this.#run("ownKey", "Setting the API key", () => this.#dependencies.ownKey.set());
  }

  async adoptEnvironmentKey(): Promise<void> {
    await this.#run("ownKey", "Adopting the API key", async () => {
      const key = environmentKey(process.env);
      if (key === undefined) throw new Problem("noEnvironmentKey");
      await this.#dependencies.ownKey.adopt(key);
    });
  }

  async removeApiKey(): Promise<void> {
    await this.#run("ownKey", "Removing the API key", () => this.#dependencies.ownKey.remove());
  }

  async openPlatform(): Promise<void> {
    const issuer = this.#dependencies.accounts.state.active?.issuer;
    if (issuer !== undefined) await vscode.env.openExternal(vscode.Uri.parse(platformUrl(issuer)));
  }

  /** Does something for the running sign-in; when it fails, that goes on. */
  async #onward(work: () => Promise<void>): Promise<void> {
    this.#begin(this.#busy);
    try {
      await work();
    } catch (error) {
      // When the attempt itself has ended, whoever waits for its outcome tells why.
      if (this.#dependencies.signIn.running) this.tellTrouble(error);
    }
  }

  /** Removes an account; with the last one goes the mode that uses it. */
  async #remove(id: string): Promise<Entry | undefined> {
    const { accounts, notifications, endHandOff } = this.#dependencies;
    // Before its refresh token ends: the Codex CLI gets its earlier login back, or keeps this one.
    await endHandOff(id);
    const entry = await accounts.remove(id);
    if (entry && accounts.state.accounts.length === 0) await switchAuthMode("apiKey", notifications, systemClock);
    return entry;
  }

  async #run(busy: View["busy"], what: string, work: () => Promise<void>): Promise<void> {
    this.#begin(busy);
    try {
      await work();
    } catch (error) {
      this.#fail(what, error);
    } finally {
      this.#busy = undefined;
      this.#changed.fire();
    }
  }

  #begin(busy: View["busy"]): void {
    this.#busy = busy;
    this.#problem = undefined;
    this.#changed.fire();
  }

  #fail(what: string, error: unknown): void {
    this.#problem = this.#dependencies.notifications.problem(what, error);
    this.#changed.fire();
  }
}
