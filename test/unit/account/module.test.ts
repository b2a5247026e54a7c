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
});
