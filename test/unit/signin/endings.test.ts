import assert from "node:assert/strict";
import { systemClock } from "../../../src/platform/clock.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { createSignIn, type SignInModuleDependencies } from "../../../src/signin/module.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { becomesFree, isTaken } from "../../support/ports.ts";
import { createServices, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";

describe("The end of a sign-in", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let opened: string[];

  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    opened = [];
    services = await createServices({
      issuer: issuer.issuer,
      openExternal: async (url) => {
        opened.push(url);
        return true;
      },
    });
  });
  afterEach(async () => {
    issuer.faults.clear();
    services.signIn.cancel();
    assert.equal(await becomesFree(1455), true, "port 1455 is free within a second");
    await services.dispose();
  });

  const waiting = (stage: string) => eventually(() => assert.equal(services.signIn.running?.stage, stage));

  it("leaves no listener and opens no page, at whatever moment of its start the person cancels", async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const run = services.signIn.run();
      const cancelled = assert.rejects(run, (error) => isProblem(error, "cancelled"));
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const shown = opened.length;
      services.signIn.cancel();
      await cancelled;
      assert.equal(await becomesFree(1455), true, `${turns} turns`);
      assert.equal(opened.length, shown, `${turns} turns`);
    }
  });

  it("is that of all flows when the person refuses on the sign-in page", async () => {
    const run = services.signIn.run();
    const refused = assert.rejects(run, (error) => isProblem(error, "accessDenied"));
    await waiting("waitingForBrowser");
    await services.signIn.switchTo("deviceCode");
    const redirect = await loginByHttp(opened[0] ?? "", "plus@example.com", "password", { cancel: true });
    assert.equal((await fetch(redirect)).status, 400);
    await refused;
  });

  it("is that of all flows when the device code has expired", async () => {
    const run = services.signIn.run();
    const expired = assert.rejects(run, (error) => isProblem(error, "timedOut"));
    await waiting("waitingForBrowser");
    issuer.faults.set("devicetoken", { kind: "status", status: 400, code: "expired_token" });
    await services.signIn.switchTo("deviceCode");
    await expired;
  });

  /** A sign-in that gets no further than to its listener. */
  const startWith = (permit: () => Promise<void>) => {
    const { log, http } = services;
    return createSignIn({
      ...{ log, http, clock: systemClock, permit },
      environment: { web: false, remote: false, host: undefined, hostname: "far-7" },
      preferredFlow: () => "browser",
      issuer: () => issuer.issuer,
      allowedWorkspaces: () => [],
    } as Partial<SignInModuleDependencies> as SignInModuleDependencies);
  };

  it("comes with that of the window", async () => {
    const { signIn, dispose } = startWith(async () => {});
    const cancelled = assert.rejects(signIn.run(), (error) => isProblem(error, "cancelled"));
    await eventually(async () => assert.equal(await isTaken(1455), true));
    void dispose();
    await cancelled;
    assert.equal(await becomesFree(1455), true);
  });

  it("asks nothing more of the editor, though the person allows the issuer afterwards", async () => {
    const allowed = Promise.withResolvers<void>();
    const { signIn } = startWith(() => allowed.promise);
    const events: string[] = [];
    signIn.onEvent(({ type }) => events.push(type));
    const cancelled = assert.rejects(signIn.run(), (error) => isProblem(error, "cancelled"));
    void signIn.switchTo("paste");
    signIn.cancel();
    await cancelled;
    allowed.resolve();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(events, []);
    assert.equal(await becomesFree(1455), true);
  });

  it("keeps the derived key that the account had, and when its credits were asked for", async () => {
    const signIn = async () => {
      const run = services.signIn.run();
      await eventually(() => assert.equal(opened.length, 1));
      await fetch(await loginByHttp(opened.pop() ?? "", "plus@example.com", "password"));
      const { id } = await run;
      return id;
    };
    const id = await signIn();
    const derivedKey = { status: "present", key: "sk-derived", createdAt: 1 } as const;
    await services.accounts.update(id, (credential) => ({ ...credential, derivedKey, creditsAskedAt: 7 }));
    await signIn();
    const credential = services.accounts.entry(id)?.credential;
    assert.deepEqual([credential?.derivedKey, credential?.creditsAskedAt], [derivedKey, 7]);
  });
});
