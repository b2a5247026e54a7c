import assert from "node:assert/strict";
import * as l10n from "@vscode/l10n";
import { type Account, signedOut } from "../../../../src/account/state.ts";
import type { Known } from "../../../../src/editor/sessions/knownAccounts.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import { statusOf } from "../../../../src/editor/status/statusView.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

const ada = { id: "a", label: "ada@example.com", needsSignIn: false };
const nobody: Known = { accounts: [], ownKey: false };
const one: Known = { accounts: [ada], active: "a", ownKey: false };

describe("The status bar", () => {
  it("is empty for somebody who uses none of it", () => {
    assert.equal(statusOf(undefined, "apiKey"), undefined);
    assert.equal(statusOf(nobody, "apiKey"), undefined);
  });

  it("names account or key, quietly, when all is well", () => {
    const cases: [Known, "apiKey" | "chatgpt", RegExp][] = [
      [one, "chatgpt", /ada@example\.com/],
      [{ ...one, ownKey: true }, "apiKey", /OpenAI API key/],
      [{ ...nobody, ownKey: true }, "apiKey", /OpenAI API key/],
      [one, "apiKey", /No API key/],
    ];
    for (const [known, mode, text] of cases) {
      const view = statusOf(known, mode);
      assert.match(view?.text ?? "", text);
      assert.equal(view?.warning, false);
    }
  });

  it("renders nothing of a name that an earlier version remembered", () => {
    const odd: Known = { ...one, accounts: [{ ...ada, label: "$(bug)\u202e [x](command:y)\n@example.com" }] };
    const view = statusOf(odd, "chatgpt");
    assert.equal(view?.text, "$(account) $ (bug) [x] (command:y) @example.com");
    assert.equal(view?.tooltip, "Requests use ChatGPT as $ (bug) [x] (command:y) @example.com.");
  });

  it("names the active one of several accounts", () => {
    const bob = { id: "b", label: "bob@example.com", needsSignIn: true };
    assert.match(statusOf({ accounts: [bob, ada], active: "a", ownKey: false }, "chatgpt")?.text ?? "", /ada@/);
    assert.equal(statusOf({ accounts: [bob, ada], active: "b", ownKey: false }, "chatgpt")?.warning, true);
  });

  it("warns where requests need a sign-in, and only there", () => {
    const rejected: Known = { ...one, accounts: [{ ...ada, needsSignIn: true }] };
    for (const known of [undefined, nobody, rejected]) assert.equal(statusOf(known, "chatgpt")?.warning, true);
    assert.equal(statusOf({ ...rejected, ownKey: true }, "apiKey")?.warning, false);
  });

  it("warns of an account that the settings don't allow, where requests would use it", () => {
    const inWorkspace: Known = { ...one, accounts: [{ ...ada, chatgptAccountId: "w-1" }] };
    for (const [known, allowed, isWarned] of [
      [inWorkspace, [], false],
      [inWorkspace, ["w-1"], false],
      [inWorkspace, ["W-1"], false],
      [inWorkspace, ["w-2"], true],
      [inWorkspace, [""], true],
      [one, ["w-1"], true],
    ] as const) {
      assert.equal(statusOf(known, "chatgpt", allowed)?.warning, isWarned, JSON.stringify(allowed));
      assert.equal(statusOf({ ...known, ownKey: true }, "apiKey", allowed)?.warning, false);
    }
    assert.match(statusOf(inWorkspace, "chatgpt", ["w-2"])?.tooltip ?? "", /don't allow.* ada@example\.com\.$/);
  });
});

describe("What is remembered of the accounts", () => {
  it("is told to listeners and kept only when it differs", async () => {
    const memento = new MemoryMemento();
    const known = new KnownAccounts(memento);
    let told = 0;
    known.onDidChange(() => told++);
    known.update(signedOut, undefined);
    known.update(signedOut, undefined);
    known.update(signedOut, "API key 1");
    assert.equal(told, 2);
    assert.deepEqual(new KnownAccounts(memento).current, { accounts: [], ownKey: true });
  });

  it("has the same labels in every language: VS Code files consents under them", () => {
    const accounts = ["one", "two", "three"].map((id) => ({ id, workspaceId: "w" }) as Account);
    const labels = () => {
      const known = new KnownAccounts(new MemoryMemento());
      return known.update({ ...signedOut, accounts }, undefined).accounts.map(({ label }) => label);
    };
    const english = labels();
    assert.deepEqual(english, [
      "ChatGPT account",
      "ChatGPT account (ChatGPT workspace w)",
      "ChatGPT account (ChatGPT workspace w) three",
    ]);
    l10n.config({
      contents: {
        "ChatGPT account": "ChatGPT-Konto",
        "{account} (ChatGPT workspace {workspace})": "{account} (Arbeitsbereich {workspace})",
      },
    });
    try {
      assert.deepEqual(labels(), english);
    } finally {
      l10n.config({ contents: {} });
    }
  });

  it("is forgotten when it has another shape", () => {
    for (const odd of [
      null,
      1,
      "x",
      [],
      {},
      { accounts: {}, ownKey: true },
      { accounts: [], ownKey: true, ownKeyLabel: ["OpenAI API key 2"] },
      { accounts: [{}], ownKey: true },
      { accounts: [null], ownKey: true },
    ]) {
      const memento = new MemoryMemento();
      memento.values.set("known", odd);
      assert.equal(new KnownAccounts(memento).current, undefined, JSON.stringify(odd));
    }
  });
});
