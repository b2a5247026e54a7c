import assert from "node:assert/strict";
import { always, createFixture, type Fixture, is } from "./fixture.ts";

describe("The account services", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  it("are not loaded while the accounts cannot be read, and can be loaded afterwards", async () => {
    const window = fixture.open();
    fixture.secrets.script("get", "accounts", ...always("rejects" as const));
    await assert.rejects(window.load(), is("keyringFailed"));
    fixture.secrets.settle();
    assert.deepEqual(await window.load(), { isOwnKeyKnown: true });
  });

  it("are loaded without the own key where it cannot be read, but only if no request uses it", async () => {
    const window = fixture.open();
    fixture.secrets.script("get", "ownKey", ...always("rejects" as const));
    assert.deepEqual(await window.load(), { isOwnKeyKnown: false });
    window.mode.current = "apiKey";
    await assert.rejects(window.load(), is("keyringFailed"));
  });

  it("are loaded although the only record cannot be read, which is told to whoever needs it", async () => {
    const before = await fixture.signedIn();
    const id = before.accounts.state.active?.id ?? "";
    const window = fixture.open();
    fixture.secrets.script("get", `credential.${id}`, ...always("rejects" as const));
    assert.deepEqual(await window.load(), { isOwnKeyKnown: true });
    assert.deepEqual(window.accounts.state.unread, [id]);
    await assert.rejects(window.source.get("chatgpt"), is("keyringFailed"));
    await window.ownKey.set("sk-own-key-0001", true);
    await window.accounts.storeSignIn(await fixture.credential("team@example.com"));
    assert.equal(window.accounts.state.active?.email, "team@example.com");
    fixture.secrets.settle();
    await window.accounts.load();
    assert.equal(window.accounts.state.accounts.length, 2);
  });
});
