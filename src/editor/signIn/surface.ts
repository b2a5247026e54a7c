import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Logger } from "../../platform/logger.ts";
import type { SignInEvent } from "../../signin/flow.ts";
import type { SignIn } from "../../signin/signIn.ts";
import { chooseFlow } from "./flowChoice.ts";
import { openPage } from "./openPage.ts";
import { RedirectBox } from "./redirectBox.ts";

export interface SurfaceDependencies {
  signIn: SignIn;
  log: Logger;
  /** Shows the device code, large. */
  showDeviceCode: () => void;
  /** Shows that a flow failed while the sign-in goes on. */
  tellTrouble: (error: unknown) => void;
}

/** Does what a running sign-in asks of the editor, and what the person asks for while it runs. */
export class SignInSurface {
  readonly #dependencies: SurfaceDependencies;
  readonly #redirectBox: RedirectBox;

  constructor(dependencies: SurfaceDependencies) {
    this.#dependencies = dependencies;
    this.#redirectBox = new RedirectBox(dependencies.signIn);
    dependencies.signIn.onEvent((event) => this.#handle(event));
  }

  async copyLink(): Promise<void> {
    const { signIn } = this.#dependencies;
    if (signIn.link === undefined) return;
    await vscode.env.clipboard.writeText(signIn.link);
    signIn.linkCopied();
  }

  async copyDeviceCode(): Promise<void> {
    const device = this.#device;
    if (!device) return;
    await vscode.env.clipboard.writeText(device.userCode);
    vscode.window.setStatusBarMessage(l10n.t("The device code was copied."), 5_000);
  }

  async openDevicePage(): Promise<void> {
    const device = this.#device;
    if (device) await vscode.env.openExternal(vscode.Uri.parse(device.page));
  }

  /** The device code that is shown. */
  get #device() {
    const { running } = this.#dependencies.signIn;
    return running?.stage === "waitingForDevice" ? running.device : undefined;
  }

  #handle(event: SignInEvent): void {
    const { log, showDeviceCode, tellTrouble } = this.#dependencies;
    switch (event.type) {
      case "openPage":
        event.answer(openPage(event.url));
        break;
      case "showDeviceCode":
        showDeviceCode();
        break;
      case "askForLink":
        this.#redirectBox.show();
        break;
      case "chooseFlow":
        event.answer(chooseFlow(event.problem, event.signal, log));
        break;
      case "flowFailed":
        tellTrouble(event.error);
        break;
    }
  }
}
