import assert from "node:assert/strict";
import * as l10n from "@vscode/l10n";
import { askForEndpoints, askForTerminals } from "../../../../src/editor/endpoints/consentDialogs.ts";
import { resetVscode, sentences, theMessage, willAnswer } from "../../../support/vscodeStub/stub.ts";
import { env, l10n as vscodeTexts } from "../../../support/vscodeStub/vscode.ts";

describe("The question whether a credential may be sent somewhere", () => {
  beforeEach(resetVscode);

  for (const [address, host] of [
    ["https://gateway.example.com/v1", "gateway.example.com"],
    ["https://api.openai.com.evil.example/v1", "api.openai.com.evil.example"],
    ["https://аpi.openai.com/v1", "xn--pi-6kc.openai.com"],
    ["https://API.OPENAI.COM:8443/v1", "api.openai.com:8443"],
    ["http://127.0.0.1:1455/v1", "127.0.0.1:1455"],
  ] as const) {
    it(`is modal and names the host that is meant by ${address}`, async () => {
      willAnswer(/^Send your/, "Allow");
      assert.equal(await askForEndpoints({ kind: "account", addresses: [address] }), true);
      const { text, modal, buttons } = theMessage(/./);
      // VS Code presses the first one for an Enter that was meant for something else.
      const harmlessFirst = ["Don't Allow", "Allow"];
      assert.deepEqual([text, modal, buttons], [`Send your ChatGPT credential to ${host}?`, true, harmlessFirst]);
    });
  }

  it("is a no when the person says no, here and of terminals, and only of these a yes", async () => {
    for (const [answer, allowed] of [
      ["Don't Allow", false],
      [undefined, false],
      ["Allow", true],
    ] as const) {
      willAnswer(/^Send your/, answer);
      assert.equal(await askForEndpoints({ kind: "account", addresses: ["https://a.example"] }), allowed);
      willAnswer(/terminals/, answer);
      assert.equal(await askForTerminals(), allowed);
    }
  });

  it("is a no when it is closed, and names each host once, with what would be sent", async () => {
    willAnswer(/^Send your/, undefined);
    const addresses = ["https://a.example", "https://b.example/v1", "https://b.example/v2"];
    assert.equal(await askForEndpoints({ kind: "apiKey", addresses }), false);
    const { text, detail } = theMessage(/./);
    assert.equal(text, "Send your OpenAI API key to a.example and b.example?");
    for (const address of addresses) assert.ok(detail.includes(address), detail);
  });

  it("lists the hosts in the language of its sentence", async () => {
    const addresses = ["https://a.example", "https://b.example"];
    const texts = { "Send your OpenAI API key to {hosts}?": "OpenAI-API-Schlüssel an {hosts} senden?" };
    const shown: string[] = [];
    try {
      Object.assign(env, { language: "de" });
      for (const bundle of [undefined, texts]) {
        Object.assign(vscodeTexts, { bundle });
        l10n.config({ contents: bundle ?? {} });
        willAnswer(/a\.example/, undefined);
        await askForEndpoints({ kind: "apiKey", addresses });
        shown.push(sentences().at(-1) ?? "");
      }
    } finally {
      Object.assign(env, { language: "en" });
      Object.assign(vscodeTexts, { bundle: undefined });
      l10n.config({ contents: {} });
    }
    assert.deepEqual(shown, [
      "Send your OpenAI API key to a.example and b.example?",
      "OpenAI-API-Schlüssel an a.example und b.example senden?",
    ]);
  });

  it("names a long host to its end, wherever it is named", async () => {
    const host = `auth.openai.com.${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.evil.example`;
    const pending = askForEndpoints({ kind: "account", addresses: [`https://${host}/${"d".repeat(10_000)}`] });
    const message = theMessage(/evil\.example\?$/);
    assert.ok(message.detail.includes(`https://${host}`), message.detail);
    assert.ok(message.detail.length < 800);
    message.choose(undefined);
    await pending;
  });

  it("renders nothing of a path", async () => {
    const pending = askForEndpoints({ kind: "account", addresses: ["https://a.example/$(bug)/[x](command:y)"] });
    const { detail } = theMessage(/./);
    assert.ok(detail?.includes("https://a.example/$ (bug)/[x] (command:y)"), detail);
    theMessage(/./).choose(undefined);
    await pending;
  });

  it("is not pushed out of sight by a long address", async () => {
    const pending = askForEndpoints({ kind: "account", addresses: [`https://evil.example/${"a".repeat(10_000)}`] });
    const message = theMessage(/evil\.example\?$/);
    assert.ok(message.text.length < 100 && message.detail.length < 600);
    message.choose(undefined);
    await pending;
  });
});
