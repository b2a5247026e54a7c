import assert from "node:assert/strict";
import type { DerivedKey } from "../../../src/account/credential.ts";
import { commandIds } from "../../../src/shared/actionIds.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { sentences, state, theMessage, until } from "../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "./editorFixture.ts";

describe("Making the derived key again", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  useEditorFixture((given, from) => {
    fixture = given;
    issuer = from;
  });

  it("stores it", async () => {
    await fixture.signedIn();
    await fixture.run("retryDerivedKey");
    assert.equal(fixture.accounts.state.active?.derivedKey.status, "present");
    assert.deepEqual(sentences(), []);
  });

  const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
  const keyNow = () => fixture.accounts.entry()?.credential.derivedKey;

  it("replaces a key that is there, once for all who ask now, and says that the earlier one stays valid", async () => {
    await fixture.signedIn("plus@example.com", { derivedKey });
    const before = issuer.recordsOf("tokenExchange").length;
    await Promise.all([fixture.run("retryDerivedKey"), fixture.run("retryDerivedKey")]);
    assert.equal(issuer.recordsOf("tokenExchange").length, before + 1);
    assert.equal(keyNow()?.status, "present");
    assert.notDeepEqual(keyNow(), derivedKey);
    theMessage(/^A new account API key was created\. The earlier one stays valid/).choose("Open platform.openai.com");
    await until(() => state.opened.length > 0);
    assert.deepEqual(state.opened, ["https://platform.openai.com/"]);
  });

  it("keeps a key that is there when no other can be made, and says so", async () => {
    await fixture.signedIn("plus@example.com", { derivedKey });
    issuer.faults.set("token", { kind: "serverError", grant: "token-exchange" });
    await fixture.run("retryDerivedKey");
    assert.deepEqual(keyNow(), derivedKey);
    const { kind, buttons } = theMessage(/^OpenAI didn't create a new account API key, so the saved one was kept\.$/);
    assert.deepEqual([kind, buttons], ["warning", ["Show Log"]]);
  });

  it("is asked for by the panel alone, where no other extension can press a button", () => {
    assert.ok(!(commandIds as readonly string[]).includes("retryDerivedKey"));
  });

  it("refreshes first when the id_token has expired", async () => {
    issuer.setLifetimes({ idToken: 1 });
    try {
      const { tokens } = await fixture.signedIn();
      issuer.setLifetimes({ idToken: 3600 });
      await until(() => fixture.deriver.needsFreshIdToken(fixture.accounts.entry() ?? assert.fail()));
      await fixture.run("retryDerivedKey");
      const { credential } = fixture.accounts.entry() ?? assert.fail();
      assert.notEqual(credential.tokens.idToken, tokens.idToken);
      assert.equal(credential.derivedKey.status, "present");
    } finally {
      issuer.setLifetimes({ idToken: 3600 });
    }
  });
});
