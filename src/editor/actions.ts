import * as vscode from "vscode";
import type { Accounts } from "../account/accounts.ts";
import type { CredentialSource } from "../account/credentialSource.ts";
import type { KeyDeriver } from "../account/derivedKey.ts";
import type { Refresher } from "../account/refresher.ts";
import { platformUrl } from "../oauth/issuer.ts";
import type { AuthMode, View } from "../panelProtocol.ts";
import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../platform/problem.ts";
import { isCancelled } from "../signin/attempt.ts";
import type { SignIn } from "../signin/signIn.ts";
import type { Notifications } from "./notifications.ts";
import type { OwnKeyActions } from "./ownKeyActions.ts";
import { settings } from "./settings.ts";
import { SignInProgress } from "./signInProgress.ts";

export interface ActionParts {
  accounts: Accounts;
  source: CredentialSource;
  refresher: Refresher;
  deriver: KeyDeriver;
  signIn: SignIn;
  ownKey: OwnKeyActions;
  notifications: Notifications;
  log: Logger;
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
}

/** What a person can do, from the palette and from the panel alike. */
export class Actions {
  readonly #parts: ActionParts;
  readonly #progress: SignInProgress;
  readonly #changed: Emitter<void>;
  #busy: View["busy"];
  #problem: string | undefined;

  constructor(parts: ActionParts) {
    this.#parts = parts;
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

  async signIn(): Promise<void> {
    const { signIn } = this.#parts;
    if (signIn.running) {
      this.#progress.show();
      return signIn.bringForward();
    }
    this.#begin(undefined);
    try {
      const done = signIn.run();
      this.#progress.show();
      await done;
      await settings.setAuthMode("chatgpt");
      this.#parts.notifications.info("You are signed in with ChatGPT.");
    } catch (error) {
      if (!isCancelled(error)) this.#fail("Signing in", error);
    }
  }

  cancelSignIn(): void {
    this.#parts.signIn.cancel();
  }

  async signOut(): Promise<void> {
    await this.#run("signOut", "Signing out", async () => {
      const { accounts, notifications } = this.#parts;
      const id = accounts.state.active?.id;
      const entry = id === undefined ? undefined : await accounts.remove(id);
      if (!entry) throw new Problem("notSignedIn");
      await settings.setAuthMode("apiKey");
      const { credential } = entry;
      const revoked =
        credential.origin === "own" && (await this.#revoke(credential.issuer, credential.tokens.refreshToken));
      const atService = revoked
        ? "The sign-in has been ended at the service as well."
        : "The service could not be told, so the sign-in may stay valid there until it expires.";
      const derived = credential.derivedKey.status === "present";
      notifications.info(
        `You are signed out of ChatGPT on this computer. ${atService}${derived ? " The API key that was made for you stays valid until you delete it at platform.openai.com." : ""}`,
      );
    });
  }

  async refresh(): Promise<void> {
    await this.#run("refresh", "Refreshing", async () => {
      const { accounts, refresher, deriver, notifications } = this.#parts;
      await accounts.load();
      const entry = accounts.entry();
      if (!entry) throw new Problem("notSignedIn");
      await deriver.derive(await refresher.refresh(entry.credential));
      notifications.info("The ChatGPT credential was refreshed.");
    });
  }

  async retryDerivedKey(): Promise<void> {
    await this.#run("derivedKey", "Making an API key", async () => {
      const { accounts, source, deriver } = this.#parts;
      // The id_token that the key is made from lives an hour.
      await source.accessToken();
      let entry = accounts.entry();
      if (!entry) throw new Problem("notSignedIn");
      if (deriver.needsFreshIdToken(entry)) entry = await this.#parts.refresher.refresh(entry.credential);
      await deriver.derive(entry);
    });
  }

  async setAuthMode(authMode: AuthMode): Promise<void> {
    try {
      // No view goes out before the setting has changed: it would turn the panel's toggle back for a moment.
      await settings.setAuthMode(authMode);
    } catch (error) {
      this.#fail("Switching the mode", error);
    }
  }

  async setApiKey(): Promise<void> {
    await this.#run("ownKey", "Setting the API key", () => this.#parts.ownKey.set());
  }

  async removeApiKey(): Promise<void> {
    await this.#run("ownKey", "Removing the API key", () => this.#parts.ownKey.remove());
  }

  async openPlatform(): Promise<void> {
    const issuer = this.#parts.accounts.state.active?.issuer;
    if (issuer !== undefined) await vscode.env.openExternal(vscode.Uri.parse(platformUrl(issuer)));
  }

  async #revoke(issuer: string, refreshToken: string): Promise<boolean> {
    try {
      await this.#parts.revoke(issuer, refreshToken);
      return true;
    } catch (error) {
      this.#parts.log.warn(`The refresh token was not revoked: ${describeError(error)}`);
      return false;
    }
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
    this.#problem = this.#parts.notifications.problem(what, error);
    this.#changed.fire();
  }
}
