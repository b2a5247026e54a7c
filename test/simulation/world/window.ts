import { isDeepStrictEqual } from "node:util";
import { type AccountServices, createAccount } from "../../../src/account/module.ts";
import { SecretStore } from "../../../src/account/secretStore.ts";
import type { SignOutOutcome } from "../../../src/account/signOut.ts";
import type { AccountsState } from "../../../src/account/state.ts";
import { type CodexServices, createCodex } from "../../../src/codex/module.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { type Remembered, remember } from "../../../src/platform/remember.ts";
import { Problem } from "../../../src/shared/problem.ts";
import type { SignInEvent } from "../../../src/signin/flow.ts";
import { createSignIn } from "../../../src/signin/module.ts";
import type { SignIn } from "../../../src/signin/signIn.ts";
import { codexEnvironment } from "./installedCodex.ts";
import { type Issuer, issuerUrl } from "./issuer.ts";
import type { Keyring } from "./keyring.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** What is around a window. */
export interface Surroundings {
  readonly world: World;
  readonly keyring: Keyring;
  readonly issuer: Issuer;
  /** VS Code's globalState, which all windows share. */
  readonly memory: Map<string, unknown>;
  /** Whether VS Code runs in a browser. */
  readonly isBrowser: boolean;
  /** Whether there is a Codex CLI. */
  readonly isCodex: boolean;
  /** Whether this VS Code lists the keys of its secrets. */
  readonly hasKeys: boolean;
  /** Called when what a window shows has changed. */
  readonly onState: (window: string, state: AccountsState) => void;
}

/** What a window has once something is asked of it. */
export interface Services {
  readonly account: AccountServices;
  readonly signIn: SignIn;
  readonly codex: CodexServices;
}

/** As in `composition.ts`: how long before its extensions a page may have been loaded, ms. */
const pageMs = 30_000;

/** The folder that all windows share. */
export const sharedDirectory = "/person/globalStorage";

/** One window: the real modules, joined as `composition.ts` does. */
export class Window {
  readonly process: Process;
  /** What the running sign-in asks of the person. */
  onSignInEvent: (event: SignInEvent) => void = () => {};
  readonly #around: Surroundings;
  readonly #loadedAt: number;
  readonly #services: Remembered<Services>;
  #dispose: (() => Promise<void>) | undefined;

  constructor(name: string, around: Surroundings) {
    this.#around = around;
    this.process = around.world.start(name);
    around.keyring.open(this.process);
    this.#loadedAt = around.world.wallTime - pageMs;
    this.#services = remember(() => this.#compose());
  }

  get name(): string {
    return this.process.name;
  }

  /** Built when first asked for. @throws Problem when what is stored cannot be read */
  services(): Promise<Services> {
    return this.#services.get();
  }

  /** VS Code closes the window: it has a moment to end, and is gone then. */
  close(): void {
    const { world } = this.#around;
    world.in(this.process, () => void this.#dispose?.());
    world.after(5_000, () => world.end(this.process));
  }

  /** The person comes back to the window. */
  async focus(): Promise<void> {
    const { account } = await this.services();
    await Promise.allSettled([account.accounts.reload(), account.ownKey.reload()]);
  }

  /** Signs an account out as the editor's action does. @returns what the person is told */
  async signOut(id: string): Promise<SignOutOutcome> {
    const { account, codex } = await this.services();
    const { signOut } = account;
    await codex.endHandOff(id);
    const entry = await signOut.begin(id);
    if (!entry) throw new Problem("notSignedIn");
    return signOut.finish(entry);
  }

  get #log() {
    const { world } = this.#around;
    const line = (text: string) => {
      if (this.process.isAlive) world.log(`${this.name}: ${text}`);
    };
    return createLogger(() => ({ debug: line, info: line, warn: line, error: line }));
  }

  async #compose(): Promise<Services> {
    const { keyring, issuer, hasKeys, isBrowser } = this.#around;
    const { http } = issuer;
    const log = this.#log;
    const secrets = keyring.secretsOf(this.process, hasKeys);
    const account = createAccount({
      ...{ http, clock: systemClock, log, secrets, directory: sharedDirectory },
      ...this.#remembered(),
      secretsAreCached: isBrowser,
      loadedAt: this.#loadedAt,
      askForEndpoints: async () => true,
      authMode: () => "chatgpt",
      apiBaseUrl: () => "https://api.openai.com/v1",
      allowedWorkspaces: () => [],
      redeemCredits: () => false,
      linked: () => codex.linkedLogins,
    });
    await account.load().catch(async (error: unknown) => {
      await account.dispose();
      throw error;
    });
    const { accounts, tokenEndpoint, signOut, lock } = account;
    const codex = createCodex({
      ...{ accounts, tokenEndpoint, lock, clock: systemClock, log, version: "0.1.0", environment: codexEnvironment },
      ...{ userHome: "/person", codexPath: () => "", workspaceFolders: () => [] },
    });
    const { signIn, dispose } = createSignIn({
      ...{ accounts, tokenEndpoint, http, clock: systemClock, log },
      discard: (id, token) => signOut.discard(id, token),
      environment: { web: false, remote: false, host: undefined, hostname: "here" },
      preferredFlow: () => "paste",
      issuer: () => issuerUrl,
      permit: async () => {},
      allowedWorkspaces: () => [],
      beginFollowUp: (of, idToken) => account.followUp.begin(of, idToken),
    });
    signIn.onEvent((event) => this.onSignInEvent(event));
    this.#follow(account, new SecretStore(secrets));
    account.start();
    this.#dispose = async () => {
      await Promise.all([dispose().then(() => signOut.settled()), account.dispose()]);
      await codex.dispose();
    };
    return { account, signIn, codex };
  }

  /** What VS Code remembers for the window outside the secrets. */
  #remembered() {
    const { memory } = this.#around;
    return {
      hint: {
        get: () => (memory.get("hint") as boolean | "missing" | undefined) ?? false,
        set: async (signedIn: boolean | "missing") => void memory.set("hint", signedIn),
      },
      memory: {
        get: (key: string) => memory.get(key),
        update: async (key: string, value: unknown) => void memory.set(key, value),
      },
    };
  }

  /** Reads again what other windows have changed, as the editor does, and tells what the window shows. */
  #follow({ accounts }: AccountServices, store: SecretStore): void {
    let shown: AccountsState = accounts.state;
    const tell = () => {
      if (this.process.isAlive) this.#around.onState(this.name, shown);
    };
    tell();
    accounts.onDidChange((state) => {
      if (isDeepStrictEqual(state, shown)) return;
      shown = state;
      tell();
    });
    store.onDidChange(() => void accounts.reload().catch(() => {}));
  }
}
