import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { pages } from "../../../src/oauth/callbackPages.ts";
import { PortsRefused } from "../../../src/oauth/callbackServer.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import type { FlowName } from "../../../src/shared/panelProtocol.ts";
import { isProblem, type Problem } from "../../../src/shared/problem.ts";
import { firstFlow, type HostEnvironment, type Opened, tunnelCommand } from "../../../src/signin/flows.ts";
import { cancelOtherLogin, findPortOwner } from "../../../src/signin/portOwner.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { approveDeviceByHttp, loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { browseAs, createServices, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";

function occupy(port: number, answer = "somebody else"): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((_request, response) => response.end(answer));
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

function release(servers: readonly Server[]): Promise<unknown> {
  return Promise.all(
    servers.map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
}

describe("The first flow", () => {
  const local: HostEnvironment = { web: false, remote: false, host: undefined, hostname: "far-7" };
  const places: readonly [string, HostEnvironment, FlowName][] = [
    ["on a desktop", local, "browser"],
    [
      "in a remote desktop window whose extensions run there: VS Code forwards the port",
      { ...local, remote: true },
      "browser",
    ],
    ["in a browser on the same computer", { web: true, remote: true, hostname: "far-7", host: "localhost" }, "browser"],
    ["in a browser at 127.0.0.1", { web: true, remote: true, hostname: "far-7", host: "127.0.0.1" }, "browser"],
    ["in a browser at ::1", { web: true, remote: true, hostname: "far-7", host: "[::1]" }, "browser"],
    [
      "in a browser on another computer",
      { web: true, remote: true, hostname: "far-7", host: "code.example.com" },
      "deviceCode",
    ],
    [
      "in a browser at another address",
      { web: true, remote: true, hostname: "far-7", host: "192.168.1.7" },
      "deviceCode",
    ],
    [
      "in a browser at an address that only begins like loopback",
      { web: true, remote: true, hostname: "far-7", host: "127.0.0.1.example.com" },
      "deviceCode",
    ],
    ["in a codespace", { web: true, remote: true, hostname: "far-7", host: undefined }, "deviceCode"],
  ];
  for (const [where, place, expected] of places) {
    it(`is ${expected} ${where}`, () => {
      assert.equal(firstFlow(place, "auto"), expected);
      for (const preferred of ["browser", "deviceCode"] as const) assert.equal(firstFlow(place, preferred), preferred);
    });
  }

  it("comes with the SSH command where the listener may be on another computer, with its name where it is known", () => {
    assert.equal(tunnelCommand(local, 1455), undefined);
    const command = (place: Partial<HostEnvironment>) => tunnelCommand({ ...local, remote: true, ...place }, 1455);
    assert.equal(command({ web: true, host: "build-7.example.com" }), "ssh -L 1455:localhost:1455 build-7.example.com");
    assert.equal(command({}), "ssh -L 1455:localhost:1455 far-7");
    assert.equal(command({ web: true, host: "127.0.0.1" }), "ssh -L 1455:localhost:1455 far-7");
    for (const hostname of ["", "a b", "-oProxyCommand=x", "x;y", "[::1]"]) {
      assert.equal(command({ hostname }), "ssh -L 1455:localhost:1455 HOST");
    }
  });
});

describe("Switching the flow of one attempt", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let opened: string[];
  let asked: number;
  let codesShown: number;
  let troubles: unknown[];
  let opening: Opened;

  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    opened = [];
    asked = 0;
    codesShown = 0;
    troubles = [];
    opening = "opened";
    services = await createServices({ issuer: issuer.issuer });
    await services.dispose();
    const { http } = services;
    services = await createServices({
      issuer: issuer.issuer,
      signIn: {
        surface: {
          http,
          openExternal: async (url) => {
            opened.push(url);
            return opening;
          },
          setUpUrl: () => undefined,
          showDeviceCode: () => {
            codesShown += 1;
          },
          askForLink: () => {
            asked += 1;
          },
        },
        onTrouble: (error) => troubles.push(error),
      },
    });
  });
  afterEach(async () => {
    issuer.faults.clear();
    issuer.setDevice({ enabled: true });
    services.signIn.cancel();
    await eventually(async () => release([await occupy(1455)]), 1_500);
    await services.dispose();
  });

  const stage = () => services.signIn.running?.stage;
  const waiting = (expected: string) => eventually(() => assert.equal(stage(), expected));

  it("goes from browser to device code and back, and the browser's answer still counts", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await services.signIn.switchTo("deviceCode");
    assert.deepEqual([stage(), services.signIn.running?.flow, codesShown], ["waitingForDevice", "deviceCode", 1]);
    const { since, until } = services.signIn.running ?? { since: 0, until: 0 };
    assert.ok(until - since >= 15 * 60_000 && until - since < 15 * 60_000 + 10_000);
    await services.signIn.switchTo("browser");
    assert.deepEqual([stage(), opened.length], ["waitingForBrowser", 2]);
    assert.equal(opened[0], opened[1]);
    await browseAs("plus@example.com")(opened[1] ?? "");
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
    assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1455/auth/callback");
  });

  it("takes the device code's answer while the browser flow waits too, and asks for one code only", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await Promise.all([services.signIn.switchTo("deviceCode"), services.signIn.switchTo("deviceCode")]);
    const codes = issuer.recordsOf("deviceUserCode").length;
    await services.signIn.switchTo("browser");
    await services.signIn.switchTo("deviceCode");
    assert.equal(issuer.recordsOf("deviceUserCode").length, codes);
    const { userCode } = services.signIn.running?.device ?? { userCode: "" };
    await approveDeviceByHttp(issuer.issuer, userCode, "team@example.com", "password");
    await run;
    assert.equal(services.accounts.state.active?.email, "team@example.com");
  });

  it("takes a pasted address while the listener waits, of the same page", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await services.signIn.switchTo("paste");
    assert.deepEqual([stage(), asked, opened.length], ["waitingForLink", 1, 1]);
    const redirect = await loginByHttp(opened[0] ?? "", "plus@example.com", "password");
    assert.equal(services.signIn.checkPaste("a code alone")?.code, "pasteNotAnAddress");
    assert.throws(
      () => services.signIn.paste("a code alone"),
      (error) => isProblem(error, "pasteNotAnAddress"),
    );
    assert.equal(services.signIn.checkPaste(redirect), undefined);
    services.signIn.paste(redirect);
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
  });

  it("does not take the listener's and the pasted answer both", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    const before = issuer.recordsOf("codeExchange").length;
    const redirect = await loginByHttp(opened[0] ?? "", "plus@example.com", "password");
    const page = fetch(redirect);
    services.signIn.paste(redirect);
    assert.equal((await page).status, 200);
    await run;
    assert.equal(issuer.recordsOf("codeExchange").length, before + 1);
  });

  it("starts with pasting where it is told to, and opens the page without a listener", async () => {
    const run = services.signIn.run({ flow: "paste" });
    await waiting("waitingForLink");
    await eventually(() => assert.equal(opened.length, 1));
    await assert.rejects(fetch("http://127.0.0.1:1455/"));
    services.signIn.paste(await loginByHttp(opened[0] ?? "", "plus@example.com", "password"));
    await run;
  });

  it("pastes for the port that the page was opened for, whichever that was", async () => {
    const taken = await occupy(1455);
    try {
      const run = services.signIn.run();
      await waiting("waitingForBrowser");
      await services.signIn.switchTo("paste");
      services.signIn.paste(await loginByHttp(opened[0] ?? "", "plus@example.com", "password"));
      await run;
      assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1457/auth/callback");
    } finally {
      await release([taken]);
    }
  });

  it("keeps waiting in the browser when the device code cannot be had", async () => {
    issuer.setDevice({ enabled: false });
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await assert.rejects(services.signIn.switchTo("deviceCode"), (error) => isProblem(error, "deviceCodeDisabled"));
    assert.deepEqual([stage(), services.signIn.running?.flow], ["waitingForBrowser", "browser"]);
    issuer.setDevice({ enabled: true });
    await services.signIn.switchTo("deviceCode");
    assert.equal(stage(), "waitingForDevice");
    await browseAs("plus@example.com")(opened[0] ?? "");
    await run;
  });

  it("keeps waiting for the device code when the browser's ports are taken", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    try {
      const run = services.signIn.run({ flow: "deviceCode" });
      await waiting("waitingForDevice");
      await assert.rejects(services.signIn.switchTo("browser"), (error) => isProblem(error, "portInUse"));
      assert.deepEqual([stage(), services.signIn.running?.flow, opened.length], ["waitingForDevice", "deviceCode", 0]);
      const { userCode } = services.signIn.running?.device ?? { userCode: "" };
      await approveDeviceByHttp(issuer.issuer, userCode, "plus@example.com", "password");
      await run;
    } finally {
      await release(taken);
    }
  });

  it("goes back to the browser when the device code fails later, and says so", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await services.signIn.switchTo("deviceCode");
    issuer.faults.set("devicetoken", { kind: "region", times: 1 });
    await waiting("waitingForBrowser");
    assert.deepEqual(
      troubles.map((error) => (isProblem(error) ? error.code : error)),
      ["regionBlocked"],
    );
    assert.equal(services.signIn.running?.device, undefined);
    await browseAs("plus@example.com")(opened[0] ?? "");
    await run;
  });

  it("says what became of a link that VS Code did not open, and takes it back when it did", async () => {
    opening = "copied";
    const run = services.signIn.run();
    await eventually(() => assert.equal(services.signIn.running?.notice, "linkCopied"));
    opening = "notOpened";
    await services.signIn.bringForward();
    assert.equal(services.signIn.running?.notice, "linkNotOpened");
    opening = "opened";
    await services.signIn.bringForward();
    assert.equal(services.signIn.running?.notice, undefined);
    assert.equal(services.signIn.link, opened[0]);
    await browseAs("plus@example.com")(opened[0] ?? "");
    await run;
    assert.equal(services.signIn.link, undefined);
  });

  it("does nothing when no sign-in runs", async () => {
    await services.signIn.switchTo("deviceCode");
    await services.signIn.bringForward();
    assert.equal(services.signIn.running, undefined);
    assert.equal(
      services.signIn.checkPaste("http://localhost:1455/auth/callback?code=x&state=y")?.code,
      "pasteOtherSignIn",
    );
  });

  for (const flow of ["browser", "deviceCode", "paste"] as const) {
    it(`cancels from ${flow}, and frees the port`, async () => {
      const run = services.signIn.run({ flow });
      await eventually(() => assert.match(stage() ?? "", /^waiting/));
      services.signIn.cancel();
      await assert.rejects(run, (error) => isProblem(error, "cancelled"));
      await eventually(async () => release([await occupy(1455)]));
    });
  }

  it("cancels while the service is asked for a device code", async () => {
    issuer.faults.set("usercode", { kind: "slow", delayMs: 3_600_000 });
    const run = services.signIn.run({ flow: "deviceCode" });
    const count = issuer.recordsOf("fault").length;
    await issuer.waitForRecord("fault", { count: Math.max(count, 1) });
    services.signIn.cancel();
    await assert.rejects(run, (error) => isProblem(error, "cancelled"));
  });
});

describe("Ports that others hold", () => {
  let issuer: TestIssuer;
  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());

  it("lead to another way, and the attempt goes on with it", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    const offers: Problem[] = [];
    const services = await createServices({
      issuer: issuer.issuer,
      signIn: {
        offerAnotherWay: async (problem) => {
          offers.push(problem);
          return "deviceCode";
        },
      },
    });
    try {
      const run = services.signIn.run();
      await eventually(() => assert.ok(services.signIn.running?.device));
      await approveDeviceByHttp(
        issuer.issuer,
        services.signIn.running?.device?.userCode ?? "",
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

  it("let the person choose elsewhere than where they are asked", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    const answer = Promise.withResolvers<undefined>();
    const services = await createServices({ issuer: issuer.issuer, signIn: { offerAnotherWay: () => answer.promise } });
    try {
      const run = services.signIn.run();
      await eventually(() => assert.equal(services.signIn.running?.stage, "waitingForChoice"));
      await services.signIn.switchTo("deviceCode");
      answer.resolve(undefined);
      await eventually(() => assert.equal(services.signIn.running?.stage, "waitingForDevice"));
      const { userCode } = services.signIn.running?.device ?? { userCode: "" };
      await approveDeviceByHttp(issuer.issuer, userCode, "plus@example.com", "password");
      await run;
    } finally {
      await release(taken);
      await services.dispose();
    }
  });

  it("end the sign-in quietly when the person wants no other way", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    const services = await createServices({
      issuer: issuer.issuer,
      signIn: { offerAnotherWay: async () => undefined },
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

  it("are known as another window's", async () => {
    const server = await occupy(1457, pages.notFound.html);
    try {
      assert.equal((await findPortOwner(1457)).ours, true);
    } finally {
      await release([server]);
    }
  });

  it("are not asked to end by looking who holds them, only by the word for it", async () => {
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

describe("Allowed ChatGPT workspaces", () => {
  const plus = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";
  const team = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d04";
  let issuer: TestIssuer;
  let allowed: string[];
  let services: TestServices;
  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    allowed = [];
    services = await createServices({ issuer: issuer.issuer, signIn: { allowedWorkspaces: () => allowed } });
  });
  afterEach(async () => {
    await eventually(async () => release([await occupy(1455)]), 1_500);
    await services.dispose();
  });
  const asked = () => issuer.recordsOf("authorize").at(-1)?.params ?? {};

  it("are not spoken of when there is no such setting", async () => {
    await services.signIn.run();
    assert.equal("allowed_workspace_id" in asked(), false);
    assert.equal("prompt" in asked(), false);
  });

  it("are asked for in one parameter, and one of them is accepted", async () => {
    allowed = [team, plus];
    await services.signIn.run();
    assert.equal(asked().allowed_workspace_id, `${team},${plus}`);
    assert.equal(services.accounts.state.active?.accountId, plus);
  });

  it("are checked in the id_token, whatever the page let through, and nothing is replaced", async () => {
    allowed = [team];
    services.browser.open = browseAs("team@example.com");
    await services.signIn.run();
    await eventually(async () => release([await occupy(1455)]), 1_500);
    allowed = ["another-workspace"];
    const run = services.signIn.run({ flow: "deviceCode" });
    await eventually(() => assert.ok(services.signIn.running?.device));
    const failed = assert.rejects(run, (error) => isProblem(error, "workspaceNotAllowed"));
    await approveDeviceByHttp(
      issuer.issuer,
      services.signIn.running?.device?.userCode ?? "",
      "plus@example.com",
      "password",
    );
    await failed;
    assert.equal(services.accounts.state.active?.email, "team@example.com");
    assert.equal(services.accounts.state.accounts.length, 1);
    const [revoked] = (await issuer.waitForRecord("revoke")).slice(-1);
    assert.equal(revoked?.account, "plus");
  });

  it("are told in the browser when another was chosen, with status 403", async () => {
    allowed = [""];
    const page = Promise.withResolvers<[number, string]>();
    services.browser.open = async (url) => {
      const redirect = await loginByHttp(url, "plus@example.com", "password");
      fetch(redirect).then(async (answer) => page.resolve([answer.status, await answer.text()]), page.reject);
      return true;
    };
    await assert.rejects(services.signIn.run(), (error) => isProblem(error, "workspaceNotAllowed"));
    const [status, html] = await page.promise;
    assert.equal(status, 403);
    assert.match(html, /<h1>This ChatGPT workspace is not allowed here<\/h1>/);
  });

  it("are not those of a login that names none: it is ended and not stored", async () => {
    allowed = [plus];
    issuer.setAccount("plus", { authClaims: { chatgpt_account_id: null } });
    const revoked = issuer.recordsOf("revoke").length;
    try {
      await assert.rejects(services.signIn.run(), (error) => isProblem(error, "workspaceNotAllowed"));
      await issuer.waitForRecord("revoke", { count: revoked + 1 });
      assert.deepEqual(services.accounts.state.accounts, []);
    } finally {
      issuer.setAccount("plus", { authClaims: {} });
    }
  });

  it("restrict even when an entry is nonsense", async () => {
    allowed = [""];
    await assert.rejects(services.signIn.run(), (error) => isProblem(error, "workspaceNotAllowed"));
    allowed = ["a b&prompt=none"];
    await assert.rejects(
      (async () => {
        await eventually(async () => release([await occupy(1455)]), 1_500);
        await services.signIn.run();
      })(),
      (error) => isProblem(error, "workspaceNotAllowed"),
    );
    assert.equal("allowed_workspace_id" in asked(), false);
    assert.deepEqual(services.accounts.state.accounts, []);
  });

  it("can be chosen anew: the page asks who it is", async () => {
    await services.signIn.run({ chooseAccount: true });
    assert.equal(asked().prompt, "login");
  });
});
