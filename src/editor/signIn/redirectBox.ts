import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { SignIn } from "../../signin/signIn.ts";

/** The box for the redirect address. It stays until the address fits or the sign-in stops waiting for one. */
export class RedirectBox {
  readonly #signIn: SignIn;
  #box: vscode.InputBox | undefined;

  constructor(signIn: SignIn) {
    this.#signIn = signIn;
    signIn.onDidChange(() => {
      const stage = signIn.running?.stage;
      if (stage === undefined || stage === "redeeming") this.#box?.hide();
    });
  }

  /** Shows the box, or brings it forward when it is open. */
  show(): void {
    this.#box ??= this.#create();
    this.#box.show();
  }

  #create(): vscode.InputBox {
    const signIn = this.#signIn;
    const box = vscode.window.createInputBox();
    box.title = l10n.t("Paste Redirect Address");
    box.prompt = l10n.t(
      "Sign in with your browser. When it ends on a page that it can't open, copy the address of that page and paste it here.",
    );
    box.placeholder = "http://localhost:1455/auth/callback?…";
    box.ignoreFocusOut = true;
    box.onDidChangeValue((value) => {
      box.validationMessage = value.trim() === "" ? undefined : signIn.checkPaste(value)?.message;
    });
    box.onDidAccept(() => {
      box.validationMessage = signIn.checkPaste(box.value)?.message;
      if (box.validationMessage !== undefined) return;
      signIn.paste(box.value);
      box.hide();
    });
    box.onDidHide(() => {
      this.#box = undefined;
      box.dispose();
    });
    return box;
  }
}
