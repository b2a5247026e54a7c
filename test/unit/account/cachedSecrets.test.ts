import assert from "node:assert/strict";
import { CachedSecrets } from "../../../src/account/cachedSecrets.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { BrowserSecrets, createFixture, credentialOf, day, type Fixture, is } from "./fixture.ts";

describe("Windows on the web, which see the secrets as they were when their page was loaded", () => {
  let fixture: Fixture;
  let browser: BrowserSecrets;
  let one: AccountFixture;
  let other: AccountFixture;

  beforeEach(async () => {
    fixture = await createFixture();
    browser = new BrowserSecrets();
    const first = browser.open(fixture);
    await first.accounts.storeSignIn(await fixture.credential());
    one = browser.open(fixture);
    other = browser.open(fixture);
    await Promise.all([one.accounts.load(), other.accounts.load()]);
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;
  const reload = async () => {
    const window = browser.open(fixture);
    await window.accounts.load();
    return window;
  };

  it("cannot use a refresh token that another one has used: they ask for a reload, which helps", async () => {
    fixture.clock.jump(11 * day);
    const bearer = (await one.source.get("chatgpt")).bearer;
    await assert.rejects(other.source.get("chatgpt"), is("staleWindow"));
    assert.equal(refreshes(), 1);
    assert.equal(other.accounts.state.active?.rejected, undefined, "the account is not given up for it");
    assert.equal((await (await reload()).source.get("chatgpt")).bearer, bearer);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });

  it("that ask together make one refresh, and nobody is signed out", async () => {
    fixture.clock.jump(11 * day);
    const windows = [one, other, ...(await Promise.all(Array.from({ length: 6 }, reload)))];
    const answers = await Promise.allSettled(windows.map(({ source }) => source.get("chatgpt")));
    const problems = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    assert.equal(refreshes(), 1);
    assert.equal(problems.length, windows.length - 1);
    for (const problem of problems) assert.ok(isProblem(problem, "staleWindow"));
    assert.equal((await reload()).accounts.state.active?.rejected, undefined);
  });

  it("cannot restore the old secrets", async () => {
    await one.refresher.refresh(credentialOf(one));
    await assert.rejects(other.ownKey.set("sk-own-key-0001", true), is("staleWindow"));
    await assert.rejects(other.accounts.storeSignIn(await fixture.credential("team@example.com")), is("staleWindow"));
    await assert.rejects(other.accounts.remove(other.accounts.state.active?.id ?? ""), is("staleWindow"));
    const next = await reload();
    assert.equal(credentialOf(next).sequence, 1);
    await next.ownKey.set("sk-own-key-0001", true);
  });

  it("use a token that is still good although another one has changed something", async () => {
    await one.refresher.refresh(credentialOf(one));
    assert.equal((await other.source.get("chatgpt")).bearer, credentialOf(other).tokens.accessToken);
  });

  it("of another browser are not concerned", async () => {
    const elsewhere = new BrowserSecrets().open(fixture);
    fixture.clock.jump(1);
    await elsewhere.accounts.storeSignIn(await fixture.credential());
    fixture.clock.jump(11 * day);
    await Promise.all([elsewhere.source.get("chatgpt"), one.source.get("chatgpt")]);
    assert.equal(refreshes(), 2);
    await elsewhere.ownKey.set("sk-own-key-0001", true);
    await one.ownKey.set("sk-own-key-0002", true);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });
});

describe("The mark of a browser's secrets", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  for (const misbehaviour of ["nothing", "older"] as const) {
    it(`that reads as ${misbehaviour} does not make an old copy current, nor start a new count`, async () => {
      const raw = new MemorySecrets({ reliable: true });
      const cached = new CachedSecrets(raw, fixture.folder);
      await cached.store("one", "1");
      await cached.store("two", "2");
      const { id } = JSON.parse(raw.values.get("storage") ?? "");
      raw.script("get", "storage", ...Array.from({ length: 60 }, () => misbehaviour));
      await cached.store("three", "3");
      await cached.assertCurrent();
      assert.deepEqual(JSON.parse(raw.values.get("storage") ?? ""), { id, generation: 3 });
    });
  }
});
