import assert from "node:assert/strict";
import { createFixture, type Fixture } from "./fixture.ts";

describe("The event of the accounts, held back during some work,", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  it("fires once when the work is done, with the state of that time", async () => {
    const { accounts } = fixture.open();
    const told: string[] = [];
    let done = false;
    accounts.onDidChange(({ active }) => told.push(`${active?.email} ${done}`));
    const result = await accounts.tellTogether(async () => {
      await accounts.storeSignIn(await fixture.credential());
      assert.equal(accounts.state.active?.email, "plus@example.com", "the state itself is not held back");
      await accounts.storeSignIn(await fixture.credential("team@example.com"));
      done = true;
      return "result";
    });
    assert.equal(result, "result");
    assert.deepEqual(told, ["team@example.com true"]);
  });

  it("fires when the work fails", async () => {
    const { accounts } = fixture.open();
    const told: unknown[] = [];
    accounts.onDidChange(({ active }) => told.push(active?.email));
    const work = async () => {
      await accounts.storeSignIn(await fixture.credential());
      throw new Error("no");
    };
    await assert.rejects(accounts.tellTogether(work), /^Error: no$/);
    assert.deepEqual(told, ["plus@example.com"]);
  });

  it("fires when the last of several works is done, and not when nothing has changed", async () => {
    const { accounts, signOutAccount } = fixture.open();
    const told: unknown[] = [];
    accounts.onDidChange(({ active }) => told.push(active?.email));
    const outer = Promise.withResolvers<void>();
    const waiting = accounts.tellTogether(() => outer.promise);
    await accounts.tellTogether(async () => accounts.storeSignIn(await fixture.credential()));
    assert.deepEqual(told, []);
    outer.resolve();
    await waiting;
    assert.deepEqual(told, ["plus@example.com"]);
    await accounts.tellTogether(async () => accounts.reload());
    await accounts.tellTogether(async () => {});
    assert.deepEqual(told, ["plus@example.com"]);
    await signOutAccount(accounts.state.active?.id ?? "");
    assert.deepEqual(told, ["plus@example.com", undefined]);
  });

  it("fires after 10 s when the work does not end", async () => {
    const { accounts, clock } = { ...fixture.open(), clock: fixture.clock };
    const told: unknown[] = [];
    accounts.onDidChange(({ active }) => told.push(active?.email));
    void accounts.tellTogether(() => new Promise(() => {}), clock);
    await accounts.storeSignIn(await fixture.credential());
    await clock.advance(9_999);
    assert.deepEqual(told, []);
    await clock.advance(1);
    assert.deepEqual(told, ["plus@example.com"]);
  });
});
