import assert from "node:assert/strict";
import type { View } from "../../../src/shared/panelProtocol.ts";
import { changeSetting, sentences, settle, state, until, willAnswer } from "../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "./editorFixture.ts";

describe("The editor's parts, joined", () => {
  let fixture: EditorFixture;
  useEditorFixture((given) => {
    fixture = given;
  });

  /** The values that a context key was given, in order. */
  const valuesOf = (key: string) =>
    state.commands
      .filter(({ name, args }) => name === "setContext" && args[0] === `chatgptSignIn.${key}`)
      .map(({ args }) => args[1]);

  it("say with a context key that a sign-in is running", async () => {
    await fixture.run("signIn");
    const [first, ...more] = valuesOf("signingIn");
    assert.equal(first, true);
    assert.equal(more.at(-1), false);
  });

  it("say with context keys who is signed in, and warn when a sign-in is no longer accepted", async () => {
    const { id } = await fixture.signedIn();
    assert.deepEqual([valuesOf("signedIn").at(-1), valuesOf("signedOut").at(-1)], [true, false]);
    await fixture.accounts.update(id, (credential) => ({ ...credential, rejected: "revoked" }));
    await until(() => sentences().some((text) => text.includes("no longer accepted")));
  });

  it("keep answers about extensions where other windows take them back: in VS Code's global state itself", async () => {
    const entry = { extension: "some.extension", pays: "plan", payer: "1", answer: "refused", turn: 1 };
    await fixture.globalState.update("modelConsumers", [entry]);
    await fixture.run("openSettings");
    const panel = state.panels.at(-1) ?? assert.fail("no panel");
    panel.received.fire({ type: "ready" });
    await until(() => panel.posted.length > 0);
    const { extensions } = panel.posted.at(-1) as View;
    assert.deepEqual(
      extensions?.map(({ extension }) => extension),
      ["some.extension"],
    );
  });

  it("give terminals the API key of the mode by the person's consent, follow it, and take it back at the end", async () => {
    await fixture.ownKey.set("sk-ownKeyOfThePerson1234", true);
    willAnswer(/integrated terminals\?$/, "Allow");
    changeSetting("chatgptSignIn.terminalEnvironment", true);
    await settle();
    assert.deepEqual([...fixture.terminals.values()], ["sk-ownKeyOfThePerson1234"]);
    await fixture.ownKey.set("sk-nextKeyOfThePerson5678", true);
    assert.deepEqual([...fixture.terminals.values()], ["sk-nextKeyOfThePerson5678"]);
    fixture.dispose();
    assert.equal(fixture.terminals.size, 0);
  });
});
