import { type AuthorizationGrant, authorizationUrl } from "../oauth/authorizationRequest.ts";
import type { CallbackAnswer } from "../oauth/callbackAnswer.ts";
import { createPkce, createState } from "../oauth/pkce.ts";
import type { LinkNotice } from "../shared/panelProtocol.ts";
import { Problem } from "../shared/problem.ts";

export interface SignInPageDependencies {
  /** The issuer's identifier. */
  readonly issuer: string;
  /** The only ChatGPT workspaces to sign in to; all when empty. */
  readonly allowedWorkspaces: readonly string[];
  /** The page asks who it is, even when the browser is signed in already. */
  readonly chooseAccount: boolean;
}

/**
 * The issuer's sign-in page for one attempt. It has one PKCE pair and one state, so that its answer counts whether the
 * listener gets it or the person pastes it.
 */
export class SignInPage {
  readonly state: string = createState();
  /** What became of its link. */
  notice: LinkNotice | undefined;
  readonly #pkce = createPkce();
  readonly #dependencies: SignInPageDependencies;
  readonly #answer = Promise.withResolvers<AuthorizationGrant>();
  readonly #redirectUris = new Set<string>();
  #url: string | undefined;

  constructor(dependencies: SignInPageDependencies) {
    this.#dependencies = dependencies;
    this.#answer.promise.catch(() => {});
  }

  /** The identifier of the issuer that was asked. */
  get issuer(): string {
    return this.#dependencies.issuer;
  }

  /** The address, once a flow has asked for it. Contains the state, so it must not be logged. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The redirect URI that it was opened with; undefined when there was none yet, or several. */
  get redirectUri(): string | undefined {
    const [only, ...others] = this.#redirectUris;
    return others.length === 0 ? only : undefined;
  }

  /** Resolves with the first answer, as a grant. @throws Problem when the page answered with an error */
  get answer(): Promise<AuthorizationGrant> {
    return this.#answer.promise;
  }

  /** The address to open in a browser, which ends at `redirectUri`. */
  addressFor(redirectUri: string): string {
    this.#redirectUris.add(redirectUri);
    this.#url = authorizationUrl({
      ...this.#dependencies,
      ...{ redirectUri, state: this.state, codeChallenge: this.#pkce.codeChallenge },
    });
    return this.#url;
  }

  /** Takes what the page answered to a redirect, whose `state` has been checked. Only the first answer counts. */
  take(answer: CallbackAnswer, redirectUri: string): void {
    if ("code" in answer) {
      this.#answer.resolve({ code: answer.code, codeVerifier: this.#pkce.codeVerifier, redirectUri });
    } else {
      this.#answer.reject(problemOf(answer));
    }
  }
}

function problemOf(answer: Exclude<CallbackAnswer, { code: string }>): Problem {
  if ("missing" in answer) return new Problem("missingCode");
  if (answer.entitlement) return new Problem("noEntitlement");
  if (answer.error === "access_denied") return new Problem("accessDenied");
  return new Problem("issuerError", /^[\w.-]{1,64}$/.test(answer.error) ? answer.error : "unusual code");
}
