import type { CallbackServer } from "../oauth/callbackServer.ts";
import type { Disposable } from "../platform/disposables.ts";
import { Problem } from "../shared/problem.ts";
import type { FlowContext } from "./flow.ts";
import { openSignInPage } from "./openSignInPage.ts";

/** A browser that has been started asks for its page within this time, ms; a cold start takes seconds. */
const startMs = 20_000;

/**
 * Opens the sign-in page by way of the listener, with a new one-time address each time: others on the computer can read
 * the command line that a browser is started with. Where no browser asks for the page, the person is told; where two ask
 * with the same address, one of them may be somebody else's, and the attempt ends.
 */
export class OneTimeOpener implements Disposable {
  readonly #context: FlowContext;
  readonly #server: CallbackServer;
  readonly #url: string;
  #isReached = false;
  #limit: Disposable | undefined;

  /** @param url the page's address */
  constructor(context: FlowContext, server: CallbackServer, url: string) {
    this.#context = context;
    this.#server = server;
    this.#url = url;
  }

  /** @throws Problem `browserFailed` */
  async open(): Promise<void> {
    const { clock, signal, stop } = this.#context;
    const address = this.#server.oneTimeAddress({
      url: this.#url,
      signal,
      onUsed: () => this.#reached(),
      onUsedAgain: () => stop(new Problem("openedTwice")),
    });
    await openSignInPage(this.#context, address);
    this.#limit?.dispose();
    if (!this.#isReached && !signal.aborted) this.#limit = clock.after(startMs, () => this.#notReached());
  }

  dispose(): void {
    this.#limit?.dispose();
  }

  #reached(): void {
    const { page, changed } = this.#context;
    this.#isReached = true;
    this.#limit?.dispose();
    if (page.notice === undefined || page.notice === "linkCopied") return;
    page.notice = undefined;
    changed();
  }

  #notReached(): void {
    const { page, log, signal, changed } = this.#context;
    if (signal.aborted || page.notice !== undefined) return;
    log.info("No browser has asked for the sign-in page yet");
    page.notice = "pageNotReached";
    changed();
  }
}
