import assert from "node:assert/strict";
import { always, createFixture, emailsOf, type Fixture, is } from "./fixture.ts";

describe("The account services", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  it("are loaded while the accounts cannot be read, which is told to whoever needs one", async () => {
    await fixture.signedIn();
    const window = fixture.open();
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("rejects" as const));
    assert.deepEqual(await window.load(), { isOwnKeyKnown: true });
    assert.equal(window.accounts.state.unread, "all");
    for (const kind of ["chatgpt", "apiKey"] as const) {
      await assert.rejects(window.source.get(kind), is("keyringFailed"));
    }
    window.mode.current = "apiKey";
    window.source.forget();
    await assert.rejects(window.source.get("apiKey"), is("noApiKey"));
    await window.ownKey.set("sk-own-key-0001", true);
    const key = await window.source.get("apiKey");
    assert.equal(key.bearer, "sk-own-key-0001");
    await assert.rejects(window.source.rejected(key), is("keyRejected"));
    await window.accounts.storeSignIn(await fixture.credential("team@example.com"));
    assert.deepEqual(emailsOf(window), ["team@example.com"]);
    fixture.secrets.settle();
    await window.accounts.load();
    assert.deepEqual(emailsOf(window), ["plus@example.com", "team@example.com"]);
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
