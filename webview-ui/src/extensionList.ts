import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { ExtensionView, View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";

const answers: Readonly<Record<ExtensionView["answer"], () => string>> = {
  allowed: () => l10n.t("Allowed"),
  refused: () => l10n.t("Not allowed"),
  setting: () => l10n.t("Allowed by the setting “chatgptSignIn.allowedExtensions”"),
  settingRefused: () => l10n.t("Not allowed: you refused this extension"),
  wasSetting: () => l10n.t("Was allowed by the setting “chatgptSignIn.allowedExtensions”"),
};

/** What an extension's requests use. */
function paysWords({ kind, label }: NonNullable<ExtensionView["pays"]>): string {
  switch (kind) {
    case "plan":
      return label === undefined ? l10n.t("ChatGPT plan") : l10n.t("ChatGPT plan of {account}", { account: label });
    case "accountKey":
      return label === undefined
        ? l10n.t("Account API key")
        : l10n.t("Account API key of {account}", { account: label });
    case "ownKey":
      return label === undefined ? l10n.t("Another OpenAI API key") : l10n.t("OpenAI API key {key}", { key: label });
  }
}

/** What a person can do about an extension. */
function rowButton({ id, name, answer, pays }: ExtensionView, fact: string): TemplateResult {
  if (pays === undefined) {
    return actionButton({
      label: l10n.t("Open settings"),
      name: l10n.t("Open settings: {extension}", { extension: name }),
      intent: { type: "openEndpointSettings" },
    });
  }
  if (answer === "setting") {
    return actionButton({
      label: l10n.t("Don't allow"),
      name: l10n.t("Don't allow: {extension}, {fact}", { extension: name, fact }),
      intent: { type: "blockExtension", row: id },
    });
  }
  return actionButton({
    label: l10n.t("Remove"),
    name: l10n.t("Remove: {extension}, {fact}", { extension: name, fact }),
    intent: { type: "forgetExtension", row: id },
  });
}

function row(view: ExtensionView): TemplateResult {
  const { name, extension, answer, pays } = view;
  const fact = [answers[answer](), ...(pays ? [paysWords(pays)] : [])].join(" · ");
  return html`<li class="block row">
    <div class="text">
      <div class="who">
        <p class="headline"><bdi>${name}</bdi></p>
        ${extension === undefined || extension === name ? nothing : html`<p class="detail mono">${extension}</p>`}
      </div>
      <p class="detail">${fact}</p>
    </div>
    <div class="buttons">${rowButton(view, fact)}</div>
  </li>`;
}

/** The extensions that may use models beside VS Code's own Chat, or may not. */
export function extensionList({ extensions = [] }: View): TemplateResult | typeof nothing {
  if (extensions.length === 0) return nothing;
  return html`<section class="section" aria-labelledby="extensions-title" data-region>
    <h2 id="extensions-title">${l10n.t("Extension access to models")}</h2>
    <div class="card">
      <ul class="accounts">${extensions.map(row)}</ul>
      <div class="block">
        <p class="detail">${l10n.t("You're asked the first time an extension uses your models. To be asked again, remove it.")}</p>
      </div>
    </div>
  </section>`;
}
