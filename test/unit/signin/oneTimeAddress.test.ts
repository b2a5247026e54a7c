import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import type { HostEnvironment } from "../../../src/signin/hostEnvironment.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { becomesFree } from "../../support/ports.ts";
import { noticeOf } from "../../support/runningSignIn.ts";
import { browseAs, createServices, type TestServices } from "../../support/services.ts";
import { signInPageBehind } from "../../support/signInAddress.ts";
import { eventually } from "../../support/timing.ts";
import { send } from "../oauth/callbackFixture.ts";

const here: HostEnvironment = { web: false, remote: false, host: undefined, hostname: "here" };

describe("The address that VS Code opens to sign in", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let opened: string[];
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  const start = async (environment = here, clock: Clock = systemClock) => {
    opened = [];
    services = await createServices({
      ...{ issuer: issuer.issuer, clock },
      signIn: { environment },
      openExternal: async (url) => {
        opened.push(url);
        return true;
      },
    });
  };
  beforeEach(() => start());
  afterEach(async () => {
    issuer.faults.clear();
    services.signIn.cancel();
    assert.equal(await becomesFree(1455), true);
    await services.dispose();
  });
  const isOpened = async (count = 1) => {
    await eventually(() => assert.equal(opened.length, count));
    return opened.at(-1) ?? "";
  };
  const page = () => services.signIn.link ?? "";

  it("shows nothing of the page's on the browser's command line, and leads to it", async () => {
    const run = services.signIn.run();
    const address = await isOpened();
    const { searchParams } = new URL(page());
    for (const name of ["state", "code_challenge"]) {
      const value = searchParams.get(name) ?? "";
      assert.equal(value.length, 43);
      assert.ok(!decodeURIComponent(address).includes(value), name);
    }
    assert.equal(await signInPageBehind(address), page());
    await browseAs("plus@example.com")(page());
    await run;
    const log = services.lines.join("\n");
    assert.ok(log.includes(`was sent to ${new URL(issuer.issuer).host}/oauth/authorize`));
    assert.ok(!log.includes(searchParams.get("state") ?? "") && !log.includes(new URL(address).pathname));
  });

  it("is another each time, and the link to copy stays the page's own", async () => {
    const run = services.signIn.run();
    const first = await isOpened();
    const link = page();
    await services.signIn.bringForward();
    await services.signIn.switchTo("browser");
    await isOpened(3);
    assert.equal(new Set(opened).size, 3);
    assert.equal(page(), link);
    assert.equal(opened[0], first);
    for (const address of opened) assert.equal(await signInPageBehind(address), link);
    await browseAs("plus@example.com")(link);
    await run;
  });

  /** Somebody else reads the address on the command line, and is sent to the page before the person's browser is. */
  const takenBySomebodyElse = async () => {
    const failed = assert.rejects(services.signIn.run(), (error) => isProblem(error, "openedTwice"));
    const address = await isOpened();
    const taken = await signInPageBehind(address);
    return { address, failed, redirect: () => loginByHttp(taken, "free@example.com", "password") };
  };
  const assertNobodySignedIn = () => {
    assert.deepEqual(services.accounts.state.accounts, []);
    assert.equal(services.signIn.running, undefined);
  };

  it("that was used ends the sign-in when a browser asks for it, and nobody else's answer counts", async () => {
    const before = issuer.recordsOf("codeExchange").length;
    const { address, failed, redirect } = await takenBySomebodyElse();
    const answer = await redirect();
    const { status, body } = await send(1455, new URL(address).pathname);
    assert.equal(status, 410);
    assert.match(body, /This address was already opened/);
    await failed;
    assert.throws(
      () => services.signIn.paste(answer),
      (error) => isProblem(error, "pasteOtherSignIn"),
    );
    assertNobodySignedIn();
    assert.equal(issuer.recordsOf("codeExchange").length, before);
  });

  it("that was used ends the sign-in also while somebody else's answer is redeemed", async () => {
    const { address, failed, redirect } = await takenBySomebodyElse();
    issuer.faults.set("token", { kind: "slow", delayMs: 3_600_000 });
    const shown = fetch(await redirect());
    await eventually(() => assert.equal(services.signIn.running?.stage, "redeeming"));
    assert.equal((await send(1455, new URL(address).pathname)).status, 410);
    await failed;
    assert.equal((await shown).status, 502);
    assertNobodySignedIn();
  });

  it("leads nowhere once the answer has come, while it is redeemed", async () => {
    const cancelled = assert.rejects(services.signIn.run(), (error) => isProblem(error, "cancelled"));
    await isOpened();
    issuer.faults.set("token", { kind: "slow", delayMs: 3_600_000 });
    await services.signIn.bringForward();
    const unused = await isOpened(2);
    await browseAs("plus@example.com")(opened[0] ?? "");
    await eventually(() => assert.equal(services.signIn.running?.stage, "redeeming"));
    await assert.rejects(signInPageBehind(unused), /answered 410/);
    services.signIn.cancel();
    await cancelled;
  });

  it("is gone with the sign-in", async () => {
    const run = services.signIn.run();
    run.catch(() => {});
    const address = await isOpened();
    services.signIn.cancel();
    assert.equal(await becomesFree(1455), true);
    await assert.rejects(signInPageBehind(address), /fetch failed/);
    const next = services.signIn.run();
    next.catch(() => {});
    await isOpened(2);
    await assert.rejects(signInPageBehind(address), /answered 410/);
  });

  describe("that no browser asks for", () => {
    let clock: ManualClock;
    beforeEach(async () => {
      await services.dispose();
      clock = new ManualClock();
      await start(here, clock);
    });
    const run = () => {
      services.signIn.run().catch(() => {});
      return isOpened();
    };
    /** Until then the answer whether VS Code opened it has arrived. */
    const settle = () => eventually(() => assert.equal(clock.pending, 2));

    it("is told of after 20 seconds, until it is asked for", async () => {
      const address = await run();
      await settle();
      await clock.advance(19_999);
      assert.equal(noticeOf(services.signIn), undefined);
      await clock.advance(1);
      assert.equal(noticeOf(services.signIn), "pageNotReached");
      assert.ok(services.lines.includes("No browser has asked for the sign-in page yet"));
      assert.equal(await signInPageBehind(address), page());
      assert.equal(noticeOf(services.signIn), undefined);
    });

    it("is not told of when it has been asked for, or the person has the link", async () => {
      const address = await run();
      await settle();
      await signInPageBehind(address);
      assert.equal(clock.pending, 1);
      await services.signIn.bringForward();
      assert.equal(clock.pending, 1, "a browser is known to come here");
      await clock.advance(60_000);
      assert.equal(noticeOf(services.signIn), undefined);
      services.signIn.cancel();
      await eventually(() => assert.equal(services.signIn.running, undefined));
      await becomesFree(1455);

      services.signIn.run().catch(() => {});
      await isOpened(3);
      await settle();
      services.signIn.linkCopied();
      await clock.advance(60_000);
      assert.equal(noticeOf(services.signIn), "linkCopied");
      await signInPageBehind(opened.at(-1) ?? "");
      assert.equal(noticeOf(services.signIn), "linkCopied");
    });

    it("is not told of when the answer has come another way, or the sign-in has ended meanwhile", async () => {
      await run();
      await settle();
      issuer.faults.set("token", { kind: "slow", delayMs: 3_600_000 });
      services.signIn.paste(await loginByHttp(page(), "plus@example.com", "password"));
      await eventually(() => assert.equal(services.signIn.running?.stage, "redeeming"));
      await clock.advance(20_000);
      assert.ok(!services.lines.includes("No browser has asked for the sign-in page yet"));
      services.signIn.cancel();
      await eventually(() => assert.equal(services.signIn.running, undefined));
      assert.equal(await becomesFree(1455), true);

      const asking = Promise.withResolvers<boolean>();
      services.browser.open = (url) => {
        opened.push(url);
        return asking.promise;
      };
      services.signIn.run().catch(() => {});
      await isOpened(2);
      services.signIn.cancel();
      await eventually(() => assert.equal(services.signIn.running, undefined));
      const before = clock.pending;
      asking.resolve(true);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(clock.pending, before);
    });

    it("is waited for from its last opening on, and no longer when the sign-in has ended", async () => {
      await run();
      await settle();
      await clock.advance(15_000);
      await services.signIn.bringForward();
      await clock.advance(15_000);
      assert.equal(noticeOf(services.signIn), undefined);
      await clock.advance(5_000);
      assert.equal(noticeOf(services.signIn), "pageNotReached");
      await services.signIn.bringForward();
      assert.equal(noticeOf(services.signIn), undefined);
      services.signIn.cancel();
      await eventually(() => assert.equal(clock.pending, 0));
    });
  });

  const elsewhere: readonly [string, HostEnvironment][] = [
    ["the extension runs on another computer", { ...here, remote: true }],
    ["VS Code runs in a browser", { ...here, web: true }],
    ["VS Code runs in a browser of this computer", { ...here, web: true, host: "localhost" }],
    [
      "VS Code runs in a browser, and the extension on a server",
      { ...here, web: true, remote: true, host: "far.example" },
    ],
  ];
  for (const [where, environment] of elsewhere) {
    it(`is the page's own where ${where}`, async () => {
      await services.dispose();
      await start(environment);
      const run = services.signIn.run({ flow: "browser" });
      assert.equal(await isOpened(), page());
      await services.signIn.bringForward();
      assert.equal(await isOpened(2), page());
      await browseAs("plus@example.com")(page());
      await run;
    });
  }

  it("is the page's own where no listener runs", async () => {
    const run = services.signIn.run({ flow: "paste" });
    assert.equal(await isOpened(), page());
    services.signIn.paste(await loginByHttp(page(), "plus@example.com", "password"));
    await run;
  });
});
