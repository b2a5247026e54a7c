import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { projectPath } from "../../support/projectRoot.ts";
import { faultsIn } from "./texts.ts";

/** Texts that look as if people read them and that are for programs, or the names of products. Each is reviewed. */
const reviewed: Readonly<Record<string, readonly RegExp[]>> = {
  // OpenAI's names of its plans.
  "src/shared/planName.ts": [/^[A-Z][\w ]+$/],
  // A style sheet, and the mark that stays the same in every language.
  "src/oauth/callbackPages.ts": [/^:root \{/, /^Sign in with ChatGPT for VS Code$/],
  // Headers of HTTP.
  "src/oauth/callbackServer.ts": [/^(Allow|Location)$/],
  "src/oauth/callbackListener.ts": [/^Allow$/],
  "src/oauth/callbackResponse.ts": [/^Connection$/, /^text\/html; /],
  "src/signin/portOwner.ts": [/^(Connection|Host)$/],
  // Scopes of OAuth.
  "src/oauth/issuer.ts": [/^openid profile email offline_access$/],
  // Details of problems, for the log alone.
  // Nobody sees this error's message; its reason is shown.
  "src/oauth/tokenEndpoint.ts": [/^The refresh token was rejected\.$/, /^without a code$/],
  "src/oauth/revocation.ts": [/^The token was not revoked\.$/, /^without a code$/],
  // In records of version 1, in place of a refresh token.
  "src/account/migrateCredential.ts": [/^kept by the Codex CLI$/],
  // What a permission is remembered under.
  "src/account/endpoints.ts": [/^unknown issuer$/, /^(new )?API key( \{\})?$/],
  // The protocol of the Codex CLI.
  "src/codex/appServer/appServer.ts": [/^Sign in with ChatGPT$/],
  "src/codex/appServer/appServerProcess.ts": [/^Method not found$/, /^unknown variant/],
  // Errors that are caught, and whose messages nobody sees.
  "src/codex/authFile/pinnedFolder.ts": [
    /^Too many symbolic links\.$/,
    /^A link or a file was put there by another user\.$/,
  ],
  "src/codex/authFile/temporaryFile.ts": [/^Another file has taken the place of the temporary one\.$/],
  // A detail for the log.
  "src/openai/failures.ts": [/^HTTP 200 with JSON/],
  // What the log calls the actions.
  "src/editor/actions.ts": [/^\w+ing\b/],
  "src/editor/panel/settingsPanel.ts": [/^its page was not there$/],
  // Codes of VS Code's language model errors.
  "src/editor/chat/chatErrors.ts": [/^Blocked$/],
  // The name of the product.
  "src/editor/chat/chatModelProvider.ts": [/^OpenAI API$/],
  // The labels of accounts, under which VS Code files consents: the same in every language.
  "src/editor/sessions/knownAccounts.ts": [/^ChatGPT account$/, /^\{\} \(ChatGPT workspace \{\}\)$/],
  "src/editor/sessions/accountLabels.ts": [/^OpenAI API key$/],
  // For the model.
  "src/openai/responses.ts": [/^You are a helpful assistant\.$/, /^\(no result\)$/],
  // The name of a key on the organization's list at OpenAI, by which our keys are told from others.
  "src/account/followUp/derivedKey.ts": [/^Sign in with ChatGPT \[auto-generated\]/],
};

const files = globSync(["src/**/*.ts", "webview-ui/src/**/*.ts"], { cwd: projectPath() })
  .map((file) => file.replaceAll("\\", "/"))
  .sort();

describe("The texts that people read", () => {
  let faults: readonly { file: string; fault: string; text: string }[];

  before(() => {
    faults = files.flatMap((file) =>
      faultsIn(readFileSync(projectPath(file), "utf8")).map((fault) => ({
        ...{ file, fault },
        text: fault.replace(/^not translated: /, ""),
      })),
    );
  });

  it("all go through l10n.t, as a translator needs them", () => {
    assert.ok(files.length > 100, `only ${files.length} files were found`);
    const unknown = faults.filter(({ file, text }) => !reviewed[file]?.some((known) => known.test(text)));
    assert.deepEqual(
      unknown.map(({ file, fault }) => `${file}: ${fault}`),
      [],
    );
  });

  it("have no exception that is not needed", () => {
    for (const [file, known] of Object.entries(reviewed)) {
      const texts = faults.filter((fault) => fault.file === file).map(({ text }) => text);
      for (const pattern of known)
        assert.ok(
          texts.some((text) => pattern.test(text)),
          `${file}: ${pattern}`,
        );
    }
  });

  describe("are found in", () => {
    const found: readonly [what: string, code: string, fault: string][] = [
      ["a message", `show("The key was saved.")`, "not translated: The key was saved."],
      ["a short message", `show("Loading…")`, "not translated: Loading…"],
      ["a button", `show(text, "Allow")`, "not translated: Allow"],
      ["the name of a property, which is a button", `show(text, { "Sign In": run })`, "not translated: Sign In"],
      ["a name without quotes", `show(text, { Import: run })`, "not translated: Import"],
      ["a template", `show(\`Signed in as \${name}\`)`, "not translated: Signed in as {}"],
      ["an icon with a label", 'show("$(key) Set Key")', "not translated: $(key) Set Key"],
      ["a link", "show(`[Copy link](command:a.b)`)", "not translated: [Copy link"],
      ["HTML", `html\`<p class=\${x}>No key.</p>\``, "not translated: No key."],
      ["an attribute of HTML", 'html`<p aria-label="Time left"></p>`', "not translated: Time left"],
      ["an error", `throw new Error("It did not work")`, "not translated: It did not work"],
      ["what a problem names", `new Problem("a", "b", { what: "The key" })`, "not translated: The key"],
    ];
    for (const [what, code, fault] of found) {
      it(what, () => assert.deepEqual(faultsIn(code), [fault]));
    }
  });

  describe("can be translated, but not as", () => {
    const found: readonly [what: string, code: string, fault: string][] = [
      ["a template", `l10n.t(\`Signed in as \${name}\`)`, "l10n.t without a literal text"],
      ["a variable", "l10n.t(text)", "l10n.t without a literal text"],
      ["a sum", `l10n.t("Signed in " + "as")`, "l10n.t without a literal text"],
      ["a number", `l10n.t("Port {0}", port)`, "a placeholder without a name: Port {0}"],
      ["a name that is not given", `l10n.t("Port {port}", { number })`, "other values than placeholders: Port {port}"],
      ["a value without a place", `l10n.t("A port", { port })`, "other values than placeholders: A port"],
      ["part of a sum", `l10n.t("Port") + port`, "glued to something else: Port"],
      [
        "part of a template",
        `\`\${l10n.t(\`Port\`)}\`; \`\${l10n.t('Port')} is free\``,
        "glued to something else: Port",
      ],
      ["one text after another", `\`\${l10n.t('Saved.')} \${more}\``, "glued to something else: Saved."],
    ];
    for (const [what, code, fault] of found) {
      it(what, () => assert.ok(faultsIn(code).includes(fault), String(faultsIn(code))));
    }
  });

  it("are not what only programs and programmers see", () => {
    const fine = `
      l10n.t("Signed in as {name}", { name });
      l10n.t({ message: "en", comment: ["A code of a language"] });
      html\`<p class="one two" title=\${l10n.t("Left")}>\${sentence(l10n.t("Resets {time}"), { time })}</p>\`;
      \`$(key) \${l10n.t("Set Key")}\`;
      \`[\${l10n.t("Copy link")}](command:a.b)\`;
      \`$(warning) \${l10n.t("Sign-in required")} · \${origin}\`;
      activity.run("Signing out", work);
      this.dependencies.log.warn(\`The key \${name} was lost\`);
      notifications.problem("Signing in", error);
      throw new TypeError("Pass a string");
      throw new Problem("notSignedIn", "not there yet");
      if (kind === "Some Kind") document.querySelector("vscode-button, input");
      class Odd extends Error { name = "Odd" }
      const { Import } = modules;
    `;
    assert.deepEqual(faultsIn(fine), []);
  });
});
