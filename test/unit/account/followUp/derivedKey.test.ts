import assert from "node:assert/strict";
import { startIssuer } from "../../../issuer/issuer.ts";
import type { Fault, TestIssuer } from "../../../issuer/types.ts";
import type { ManualClock } from "../../../support/manualClock.ts";
import { browseAs, createServices, type TestServices } from "../../../support/services.ts";
import { createFixture, day, minute } from "../fixture.ts";

describe("The derived key", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  afterEach(async () => {
    issuer.faults.clear();
    await services.dispose();
  });

  const signIn = async (email: string) => {
    services = await createServices({ issuer: issuer.issuer, openExternal: browseAs(email) });
    await services.signIn.run();
  };
  const derive = async () => {
    const entry = services.accounts.entry();
    assert.ok(entry);
    await services.deriver.derive(entry);
    return services.accounts.state.active?.derivedKey;
  };

  it("has a name of our own with the day and 12 random hexadecimal digits", async () => {
    await signIn("plus@example.com");
    assert.equal((await derive())?.status, "present");
    const name = issuer.recordsOf("tokenExchange").at(-1)?.name ?? "";
    const today = new Date().toISOString().slice(0, 10);
    assert.match(name, /^Sign in with ChatGPT \[auto-generated\] \(\d{4}-\d\d-\d\d\) \[[0-9a-f]{12}\]$/);
    assert.ok(name.includes(today));
    await derive();
    assert.notEqual(issuer.recordsOf("tokenExchange").at(-1)?.name, name);
  });

  it("is absent, and says why, for an account without a Platform organization; the login stands", async () => {
    await signIn("free@example.com");
    assert.deepEqual(await derive(), { status: "absent", why: "noOrganization" });
    assert.equal(services.accounts.state.active?.email, "free@example.com");
  });

  it("needs no project: the service decides", async () => {
    issuer.setAccount("plus", { projectId: undefined });
    try {
      await signIn("plus@example.com");
      assert.equal((await derive())?.status, "present");
    } finally {
      issuer.setAccount("plus", { projectId: "proj_test" });
    }
  });

  const outcomes: readonly [Fault, string][] = [
    [{ kind: "status", status: 403, code: "forbidden" }, "refused"],
    [{ kind: "serverError" }, "unreachable"],
    [{ kind: "closeBefore" }, "unreachable"],
    [{ kind: "html" }, "unreachable"],
    [{ kind: "wrongTypes" }, "unreachable"],
  ];
  for (const [fault, why] of outcomes) {
    it(`is ${why} when the service answers with ${JSON.stringify(fault)}, and one that is there stays`, async () => {
      await signIn("plus@example.com");
      issuer.faults.set("token", { ...fault, grant: "token-exchange", times: 1 });
      assert.deepEqual(await derive(), { status: "absent", why });
      const made = await derive();
      assert.equal(made?.status, "present");
      issuer.faults.set("token", { ...fault, grant: "token-exchange", times: 1 });
      assert.deepEqual(await derive(), made);
    });
  }
});

describe("A derived key that is stored while a window refreshes the account's tokens", () => {
  const made = { status: "present", key: "sk-derived-0001", createdAt: 1 } as const;
  const cases: readonly [name: string, options: { isNew: boolean } | undefined, set: (clock: ManualClock) => void][] = [
    ["after the clock was set back", { isNew: true }, (clock) => clock.jump(-30 * day)],
    ["by an earlier sign-in, whose tokens look new by a clock that was set back", undefined, () => {}],
    [
      "late, by a clock that was set back meanwhile",
      { isNew: true },
      (clock) => {
        clock.jump(minute);
        clock.setWall(-minute);
      },
    ],
  ];
  for (const [name, options, set] of cases) {
    it(`${name} waits for that`, async () => {
      const fixture = await createFixture();
      try {
        const { accounts, deriver, lock } = await fixture.signedIn();
        const id = accounts.state.active?.id ?? "";
        const making = Promise.withResolvers<typeof made>();
        const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const holding = lock.hold(id, () => {
          held.resolve();
          return release.promise;
        });
        await held.promise;
        const { writes } = fixture.secrets;
        const keeping = deriver.keep(id, making.promise, options);
        set(fixture.clock);
        making.resolve(made);
        await new Promise((resolve) => setTimeout(resolve, 60));
        assert.equal(fixture.secrets.writes, writes);
        release.resolve();
        await Promise.all([holding, keeping]);
        assert.equal(accounts.state.active?.derivedKey.status, "present");
      } finally {
        await fixture.dispose();
      }
    });
  }

  it("right after the sign-in does not wait: nobody refreshes such tokens", async () => {
    const fixture = await createFixture();
    try {
      const { accounts, deriver, lock } = await fixture.signedIn();
      const id = accounts.state.active?.id ?? "";
      await lock.hold(id, () => deriver.keep(id, Promise.resolve(made), { isNew: true }));
      assert.equal(accounts.state.active?.derivedKey.status, "present");
    } finally {
      await fixture.dispose();
    }
  });
});
