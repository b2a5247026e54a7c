import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, link } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { PortsRefused } from "../../../src/oauth/callbackListener.ts";
import { pages } from "../../../src/oauth/callbackPages.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { isProblem, type Problem } from "../../../src/shared/problem.ts";
import { cancelOtherLogin, findPortOwner } from "../../../src/signin/portOwner.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { approveDeviceByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { occupy, release } from "../../support/ports.ts";
import { deviceOf } from "../../support/runningSignIn.ts";
import { browseAs, createServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";

describe("Ports that other programs use", () => {
  let issuer: TestIssuer;
  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());

  it("lead to another method, and the attempt goes on with it", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    const offers: Problem[] = [];
    const services = await createServices({
      issuer: issuer.issuer,
      chooseFlow: async (problem) => {
        offers.push(problem);
        return "deviceCode";
      },
    });
    try {
      const run = services.signIn.run();
      await eventually(() => assert.ok(deviceOf(services.signIn)));
      await approveDeviceByHttp(
        issuer.issuer,
        deviceOf(services.signIn)?.userCode ?? "",
        "plus@example.com",
        "password",
      );
      await run;
      assert.equal(offers.length, 1);
      assert.ok(offers[0] instanceof PortsRefused);
      assert.deepEqual(
        offers[0].refusals,
        [1455, 1457].map((port) => ({ port, reason: "inUse" })),
      );
    } finally {
      await release(taken);
      await services.dispose();
    }
  });

  it("leave the other one, for which the SSH command is", async () => {
    const taken = await occupy(1455);
    const services = await createServices({
      issuer: issuer.issuer,
      openExternal: async () => true,
      signIn: { environment: { web: true, remote: true, host: "far-7.example", hostname: "far-7" } },
    });
    const run = services.signIn.run({ flow: "browser" });
    try {
      await eventually(() => assert.equal(services.signIn.running?.stage, "waitingForBrowser"));
      const { running } = services.signIn;
      assert.match((running && "tunnel" in running && running.tunnel) || "", /^ssh -L 1457:localhost:1457 far-7/);
    } finally {
      services.signIn.cancel();
      await assert.rejects(run, (error) => isProblem(error, "cancelled"));
      await release([taken]);
      await services.dispose();
    }
  });

  it("let the person choose elsewhere than where they are asked", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    const answer = Promise.withResolvers<undefined>();
    const services = await createServices({ issuer: issuer.issuer, chooseFlow: () => answer.promise });
    try {
      const run = services.signIn.run();
      await eventually(() => assert.equal(services.signIn.running?.stage, "waitingForChoice"));
      await services.signIn.switchTo("deviceCode");
      answer.resolve(undefined);
      await eventually(() => assert.equal(services.signIn.running?.stage, "waitingForDevice"));
      const { userCode } = deviceOf(services.signIn) ?? { userCode: "" };
      await approveDeviceByHttp(issuer.issuer, userCode, "plus@example.com", "password");
      await run;
    } finally {
      await release(taken);
      await services.dispose();
    }
  });

  it("end the sign-in quietly when the person wants no other method", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    const services = await createServices({
      issuer: issuer.issuer,
      chooseFlow: async () => undefined,
    });
    try {
      await assert.rejects(services.signIn.run(), (error) => isProblem(error, "cancelled"));
    } finally {
      await release(taken);
      await services.dispose();
    }
  });

  it("are told from ports that the system reserves", () => {
    const reserved = new PortsRefused([1455, 1457].map((port) => ({ port, reason: "reserved" })));
    assert.equal(reserved.code, "portReserved");
    assert.match(reserved.message, /net stop winnat/);
    const mixed = new PortsRefused([
      { port: 1455, reason: "reserved" },
      { port: 1457, reason: "inUse" },
    ]);
    assert.equal(mixed.code, "portInUse");
    assert.equal(mixed.detail, "1455 reserved, 1457 inUse");
  });

  it("are named with the program, where the system says", async () => {
    const server = await occupy(1457);
    try {
      const named = process.platform === "linux" ? { program: "node", pid: process.pid } : {};
      assert.deepEqual(await findPortOwner(1457), { ours: false, ...named });
    } finally {
      await release([server]);
    }
    assert.equal((await findPortOwner(1457)).program, undefined);
  });

  it("are read no further when who listens there does not stop talking", async () => {
    const { timeout } = AbortSignal;
    // No time limit: the length alone ends it.
    AbortSignal.timeout = () => new AbortController().signal;
    const server = createServer((_request, response) => {
      const talk = () => {
        while (!response.destroyed && response.write("x".repeat(16 * 1024)));
      };
      response.on("drain", talk);
      talk();
    });
    await new Promise<void>((resolve) => server.listen(1457, "127.0.0.1", resolve));
    try {
      assert.equal((await findPortOwner(1457)).ours, false);
    } finally {
      AbortSignal.timeout = timeout;
      await release([server]);
    }
  });

  it("are not named with a program whose name could be a link or a sentence", async function () {
    if (process.platform !== "linux") return;
    this.timeout(60_000);
    const folder = temporaryDirectory();
    const program = join(folder.path, "node [link](command:x)");
    // A copy where the folder is on another file system.
    await link(process.execPath, program).catch(() => copyFile(process.execPath, program));
    const listen = `require("node:net").createServer().listen(1457, "127.0.0.1", () => console.log("ready"))`;
    const child = spawn(program, ["-e", listen], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(child.stdout, "data");
      assert.deepEqual(await findPortOwner(1457), { ours: false });
    } finally {
      child.kill("SIGKILL");
      await once(child, "close");
      await folder.remove();
    }
  });

  it("are known as another window's", async () => {
    const server = await occupy(1457, pages.notFound().html);
    try {
      assert.equal((await findPortOwner(1457)).ours, true);
    } finally {
      await release([server]);
    }
  });

  it("are not asked to end by looking who owns them, but only when told to", async () => {
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      response.end("Login cancelled");
      if (request.url === "/cancel") server.close();
    });
    await new Promise<void>((resolve) => server.listen(1457, "127.0.0.1", resolve));
    try {
      await findPortOwner(1457);
      assert.ok(!paths.includes("/cancel"));
      await cancelOtherLogin(1457, systemClock);
      assert.equal(paths.at(-1), "/cancel");
    } finally {
      await release([server]);
    }
    await cancelOtherLogin(1457, systemClock);
  });

  it("of another window's sign-in do not end it: both finish", async () => {
    const first = await createServices({ issuer: issuer.issuer });
    const second = await createServices({ issuer: issuer.issuer });
    const links: string[] = [];
    for (const services of [first, second]) {
      services.browser.open = async (url) => {
        links.push(url);
        return true;
      };
    }
    const runs = [first.signIn.run()];
    await eventually(() => assert.equal(links.length, 1));
    runs.push(second.signIn.run());
    await eventually(() => assert.equal(links.length, 2));
    await browseAs("team@example.com")(links[1] ?? "");
    await browseAs("plus@example.com")(links[0] ?? "");
    await Promise.all(runs);
    assert.equal(first.accounts.state.active?.email, "plus@example.com");
    assert.equal(second.accounts.state.active?.email, "team@example.com");
    await Promise.all([first.dispose(), second.dispose()]);
  });
});
