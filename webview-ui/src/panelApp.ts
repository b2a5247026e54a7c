import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type View, viewSchema } from "../../src/shared/panelProtocol.ts";
import { frameWords } from "../../src/shared/words/panelFrame.ts";
import { accountCard } from "./accountCard.ts";
import { accountList } from "./accountList.ts";
import { apiKeyRow } from "./apiKeyRow.ts";
import { authModeToggle } from "./authModeToggle.ts";
import { banners, mismatchBanner } from "./banners.ts";
import { codexCard } from "./codexCard.ts";
import { extensionList } from "./extensionList.ts";
import { post } from "./host.ts";
import { loading } from "./loading.ts";
import { usageCard } from "./usageCard.ts";
import { ViewRequest } from "./viewRequest.ts";
import { lateWords, statusWords } from "./words.ts";

/** How often times relative to now are updated, in milliseconds: while signing in, and otherwise. */
const tick = { attempt: 1000, idle: 15_000 };

/**
 * The settings panel. It keeps the last view and nothing else. It draws into the page, not into a shadow root, so that one
 * style sheet and one set of ids cover all of it.
 */
export class PanelApp extends LitElement {
  static override properties = { view: { state: true }, late: { state: true }, mismatch: { state: true } };

  declare private view: View | undefined;
  /** The first view takes long to come. */
  declare private late: boolean;
  /** The extension sent a view that this panel does not understand. */
  declare private mismatch: boolean;
  readonly #request = new ViewRequest(
    () => post({ type: "ready" }),
    () => {
      this.late = true;
    },
  );
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.late = false;
    this.mismatch = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("message", this.#receive);
    this.addEventListener("keydown", this.#tameKeys, { capture: true });
    if (this.view === undefined) this.#request.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("message", this.#receive);
    this.removeEventListener("keydown", this.#tameKeys, { capture: true });
    clearTimeout(this.#timer);
    this.#request.stop();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Draws, and if that removed the element that had the focus, moves the focus to what replaced it. */
  protected override update(changed: PropertyValues): void {
    const focused = this.contains(document.activeElement) ? document.activeElement : null;
    // The page came with a frame, which is drawn here from now on.
    if (!this.hasUpdated) this.replaceChildren();
    const region = focused?.closest<HTMLElement>("[data-region]");
    super.update(changed);
    if (focused !== null && !focused.isConnected) {
      const place = region?.isConnected === true ? region : this;
      // A key press that comes late must not create an API key.
      place.querySelector<HTMLElement>("vscode-button:not(.facts *), input:checked")?.focus();
    }
    clearTimeout(this.#timer);
    if (this.view !== undefined) {
      const wait = this.view.attempt === undefined ? tick.idle : tick.attempt;
      this.#timer = setTimeout(() => this.requestUpdate(), wait);
    }
  }

  protected override render(): TemplateResult {
    const { view, late } = this;
    const shown = view === undefined ? undefined : drawn(view);
    const mismatch = this.mismatch || (view !== undefined && shown === undefined);
    const waits = view === undefined && !mismatch;
    const status = shown?.status ?? (waits && late ? [lateWords()] : []);
    return html`<main aria-busy=${waits && !late ? "true" : "false"}>
      <header>
        <h1>${frameWords.title()}</h1>
        <p class="detail">${frameWords.subtitle()}</p>
      </header>
      <div class="visually-hidden" role="status" aria-live="polite">
        ${status.map((text) => html`<span>${text}</span> `)}
      </div>
      ${mismatch ? mismatchBanner() : nothing} ${waits ? loading(late) : nothing}
      ${shown?.content ?? nothing}
    </main>`;
  }

  /**
   * Takes a view from the extension, which VS Code passes on from a frame of this page's origin. It reports a view that
   * it does not understand, and drops what is no view.
   */
  readonly #receive = (event: MessageEvent<unknown>): void => {
    if (event.origin !== window.origin) return;
    const view = viewSchema.safeParse(event.data);
    if (view.success) {
      this.#request.stop();
      this.view = view.data;
      this.mismatch = false;
    } else if (isView(event.data)) {
      this.mismatch = true;
    }
  };

  /** `vscode-button` lets Space scroll the page, and acts again and again while a key is held. */
  readonly #tameKeys = (event: KeyboardEvent): void => {
    const onButton = event.target instanceof Element && event.target.localName === "vscode-button";
    if (onButton && (event.key === " " || event.key === "Enter")) {
      event.preventDefault();
      if (event.repeat) {
        event.stopImmediatePropagation();
      }
    }
  };
}

/** What a view looks like; undefined when it cannot be drawn. */
function drawn(view: View): { readonly status: readonly string[]; readonly content: TemplateResult } | undefined {
  const now = Date.now();
  try {
    return {
      status: statusWords(view),
      content: html`${banners(view)} ${accountCard(view, now)} ${accountList(view)} ${usageCard(view, now)} ${authModeToggle(view)} ${apiKeyRow(view)} ${extensionList(view)} ${codexCard(view)}`,
    };
  } catch (error) {
    reportError(error);
    return undefined;
  }
}

function isView(message: unknown): boolean {
  return typeof message === "object" && message !== null && "type" in message && message.type === "view";
}
