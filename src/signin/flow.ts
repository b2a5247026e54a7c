import type { Account } from "../account/state.ts";
import type { AuthorizationGrant } from "../oauth/authorizationRequest.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import type { Logger } from "../platform/logger.ts";
import type { FlowName, SignInAttempt } from "../shared/panelProtocol.ts";
import type { Problem } from "../shared/problem.ts";
import type { HostEnvironment } from "./hostEnvironment.ts";
import type { SignInPage } from "./signInPage.ts";

/** What became of a link that was to be opened; `notOpened` may also mean that it was copied instead. */
export type Opened = "opened" | "copied" | "notOpened";

/** What a sign-in asks of the editor. `answer` takes the result and must be called. */
export type SignInEvent =
  | { readonly type: "openPage"; readonly url: string; answer(opened: PromiseLike<Opened>): void }
  | { readonly type: "showDeviceCode" }
  /** Ask the person for the redirect address, and hand it to `SignIn.paste`. */
  | { readonly type: "askForLink" }
  /** The flow that was wanted cannot be used here. The person chooses another; undefined ends the sign-in. */
  | {
      readonly type: "chooseFlow";
      readonly problem: Problem;
      /** Aborted when the choice is not needed any more. */
      readonly signal: AbortSignal;
      answer(flow: PromiseLike<FlowName | undefined>): void;
    }
  /** A flow failed, and the sign-in goes on with another. */
  | { readonly type: "flowFailed"; readonly error: unknown };

/** What all flows of an attempt share. */
export interface FlowContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly http: HttpClient;
  readonly issuer: string;
  readonly environment: HostEnvironment;
  readonly page: SignInPage;
  /** Aborted when no answer is wanted any more: there is one, or the attempt has ended. */
  readonly signal: AbortSignal;
  /** Resolves with the account when its credential is stored. @throws Problem what the attempt ended with */
  readonly outcome: Promise<Account>;
  /** Asks something of the editor. */
  readonly send: (event: SignInEvent) => void;
  /** Ends the attempt, unless the credential is being stored. */
  readonly stop: (problem: Problem) => void;
  /** Called when what a flow waits for has changed. */
  readonly changed: () => void;
}

type WaitingStage = "waitingForBrowser" | "waitingForDevice" | "waitingForLink";
type WithoutTimes<Attempt> = Attempt extends unknown ? Omit<Attempt, "since" | "until"> : never;

/** What a flow waits for, as the person is shown it. */
export type Waiting = WithoutTimes<Extract<SignInAttempt, { stage: WaitingStage }>>;

/** A flow that works for an attempt. */
export interface RunningFlow extends Disposable {
  /** Resolves with what the flow brings. @throws Problem */
  readonly answer: Promise<AuthorizationGrant>;
  readonly waiting: Waiting;
  /** When it ends, where the attempt should not end before it; ms by the clock that nobody can set. */
  readonly expiresAt?: number;
  /** What keeps the answer away at the moment. */
  readonly trouble?: Problem | undefined;
  /** Shows the person what to do, the first time and again. @throws Problem `browserFailed` */
  reveal(): Promise<void>;
  /** Ends what runs for it. The browser may still get its last page. */
  dispose(): void;
}

/** A way to sign in. */
export interface Flow {
  /** Whether it can be expected to work without the person's help. */
  readonly suits: (environment: HostEnvironment) => boolean;
  /** Starts it for an attempt; nothing is shown before `reveal`. @throws Problem when it cannot be used here */
  readonly start: (context: FlowContext) => Promise<RunningFlow>;
}
