import type { Account } from "../../src/account/state.ts";
import type { SignInEvent } from "../../src/signin/flow.ts";
import type { SignIn } from "../../src/signin/signIn.ts";
import { isSignIn, type Operation, type OperationKind, type Operations } from "./operations.ts";
import { refreshTokensIn } from "./world/grants.ts";
import { type Issuer, issuerUrl } from "./world/issuer.ts";
import type { Keyring } from "./world/keyring.ts";
import type { Window } from "./world/window.ts";
import type { World } from "./world/world.ts";

export interface PeopleDependencies {
  readonly world: World;
  readonly issuer: Issuer;
  readonly keyring: Keyring;
  readonly operations: Operations;
}

/** How a person signs in. */
export interface SignInManner {
  readonly person: string;
  readonly flow: "paste" | "deviceCode";
  /** How long they need at the sign-in page, ms. */
  readonly thinksMs: number;
}

/** What people do in windows, and what they are told. */
export class People {
  readonly #dependencies: PeopleDependencies;

  constructor(dependencies: PeopleDependencies) {
    this.#dependencies = dependencies;
  }

  /** What the person in front of a window does first: it loads. */
  load(window: Window): void {
    this.do("load", window, undefined, async () => {
      await window.services();
    });
  }

  signIn(window: Window, manner: SignInManner): void {
    const { person, flow } = manner;
    this.do("signIn", window, person, async (operation) => {
      const { signIn } = await window.services();
      // They are shown the one that is running already.
      if (signIn.running) {
        operation.said = "is running";
        return;
      }
      window.onSignInEvent = (event) => this.#answer(window, signIn, event, manner, operation);
      const account = await signIn.run({ flow });
      operation.said = account.email;
    });
  }

  cancel(window: Window): void {
    const { world } = this.#dependencies;
    world.in(
      window.process,
      () =>
        void window.services().then(
          ({ signIn }) => signIn.cancel(),
          () => {},
        ),
    );
  }

  focus(window: Window): void {
    this.#dependencies.world.in(window.process, () => window.focus().catch(() => {}));
  }

  signOut(window: Window, at: number): void {
    const { keyring } = this.#dependencies;
    this.do("signOut", window, undefined, async (operation) => {
      const account = await this.#choose(window, at, operation);
      if (!account) return;
      const { signIn, earlier, isStored } = await window.signOut(account.id);
      const isOver = [signIn, earlier ?? "over"].every((each) => each === "revoked" || each === "over");
      operation.said = [isOver ? "revoked" : "left", isStored ? "stored" : "deleted"].join(" and ");
      operation.stored = [...keyring.values]
        .filter(([key]) => !this.#isListOfSignIn(key, operation))
        .flatMap(([, text]) => refreshTokensIn(text));
    });
  }

  /**
   * Whether a secret is the list of what was replaced, and somebody signs in again while the account is signed out: whoever
   * does cannot know whether the token of the ended sign-in was revoked, and notes it for the next sign-out.
   */
  #isListOfSignIn(key: string, { person, startedAt }: Operation): boolean {
    const { all } = this.#dependencies.operations;
    const isMeanwhile = ({ endedAt = Number.POSITIVE_INFINITY }: Operation) => endedAt >= startedAt;
    return (
      key.startsWith("replaced.") && all.some((each) => isSignIn(each) && each.person === person && isMeanwhile(each))
    );
  }

  use(window: Window): void {
    this.do("use", window, undefined, async (operation) => {
      const { source } = (await window.services()).account;
      const { bearer } = await source.get("chatgpt");
      this.#tellBearer(operation, bearer);
    });
  }

  refresh(window: Window): void {
    this.do("refresh", window, undefined, async (operation) => {
      const { accounts, refresher, deriver } = (await window.services()).account;
      await accounts.load();
      const entry = accounts.entry();
      if (!entry) {
        operation.said = "nobody";
        return;
      }
      operation.person = personOf(entry.account.email);
      const refreshed = await refresher.refresh(entry.credential);
      await deriver.derive(refreshed);
    });
  }

  switch(window: Window, at: number): void {
    this.do("switch", window, undefined, async (operation) => {
      const account = await this.#choose(window, at, operation);
      if (account) await (await window.services()).account.accounts.setActive(account.id);
    });
  }

  /** One of the accounts that a window shows. */
  async #choose(window: Window, at: number, operation: Operation): Promise<Account | undefined> {
    const { accounts } = (await window.services()).account.accounts.state;
    const account = accounts[at % Math.max(1, accounts.length)];
    if (account) operation.person = personOf(account.email);
    else operation.said = "nobody";
    return account;
  }

  /** Uses an account by its id, as the calm end does. */
  useAccount(window: Window, id: string, person: string): Operation | undefined {
    return this.do("use", window, person, async (operation) => {
      const { source } = (await window.services()).account;
      const { bearer } = await source.accessToken(id);
      this.#tellBearer(operation, bearer);
    });
  }

  #tellBearer(operation: Operation, bearer: string): void {
    const { issuer, world } = this.#dependencies;
    const token = issuer.grants.accessTokens.get(bearer);
    operation.person = token?.grant.person;
    const isExpired = token !== undefined && token.expiresAt <= world.trueTime;
    operation.said =
      token === undefined ? "unknown token" : isExpired ? `expired token of grant ${token.grant.id}` : "token";
  }

  /** Lets somebody do something in a window. */
  do(kind: OperationKind, window: Window, person: string | undefined, work: (operation: Operation) => Promise<void>) {
    const { world, operations } = this.#dependencies;
    if (!window.process.isAlive) return undefined;
    const operation = operations.begin(kind, window.name, person);
    const end = (outcome: "done" | "failed", problem?: string) => {
      if (window.process.isAlive) operations.end(operation, outcome, problem);
    };
    world.in(window.process, () => {
      work(operation).then(
        () => end("done"),
        (error: unknown) => end("failed", codeOf(error)),
      );
    });
    return operation;
  }

  #answer(window: Window, signIn: SignIn, event: SignInEvent, manner: SignInManner, operation: Operation): void {
    const { world, issuer } = this.#dependencies;
    const { person, thinksMs } = manner;
    if (event.type === "chooseFlow") event.answer(Promise.resolve(undefined));
    if (event.type === "openPage") {
      event.answer(Promise.resolve("opened"));
      const state = new URL(event.url).searchParams.get("state");
      const bring = () => {
        const code = issuer.authorize(person, operation.number);
        // An issuer may name itself (RFC 9207), or not.
        const iss = operation.number % 2 === 0 ? `&iss=${encodeURIComponent(issuerUrl)}` : "";
        if (signIn.running) signIn.paste(`http://localhost:1455/auth/callback?code=${code}&state=${state}${iss}`);
      };
      world.after(thinksMs, () => world.in(window.process, () => ignoreFailure(bring)), window.process);
    }
    if (event.type !== "showDeviceCode") return;
    const { running } = signIn;
    if (running?.stage !== "waitingForDevice") return;
    const { userCode } = running.device;
    world.after(thinksMs, () => issuer.devices.approve(userCode, person, operation.number));
  }
}

/** The sign-in may have ended meanwhile. */
function ignoreFailure(work: () => void): void {
  try {
    work();
  } catch {
    // The person is told so, and that is all.
  }
}

export function personOf(email: string | undefined): string | undefined {
  return email?.split("@")[0];
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
