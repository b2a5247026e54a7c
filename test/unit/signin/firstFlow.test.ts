import assert from "node:assert/strict";
import type { FlowName } from "../../../src/shared/panelProtocol.ts";
import { firstFlow } from "../../../src/signin/flows.ts";
import { type HostEnvironment, tunnelCommand } from "../../../src/signin/hostEnvironment.ts";

describe("The first flow", () => {
  const local: HostEnvironment = { web: false, remote: false, host: undefined, hostname: "far-7" };
  const environments: readonly [string, HostEnvironment, FlowName][] = [
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
  for (const [where, environment, expected] of environments) {
    it(`is ${expected} ${where}`, () => {
      assert.equal(firstFlow(environment, "auto"), expected);
      for (const preferred of ["browser", "deviceCode"] as const)
        assert.equal(firstFlow(environment, preferred), preferred);
    });
  }

  it("comes with the SSH command where the listener may be on another computer, with its name where it is known", () => {
    assert.equal(tunnelCommand(local, 1455), undefined);
    const command = (environment: Partial<HostEnvironment>) =>
      tunnelCommand({ ...local, remote: true, ...environment }, 1455);
    assert.equal(command({ web: true, host: "build-7.example.com" }), "ssh -L 1455:localhost:1455 build-7.example.com");
    assert.equal(command({}), "ssh -L 1455:localhost:1455 far-7");
    assert.equal(command({ web: true, host: "127.0.0.1" }), "ssh -L 1455:localhost:1455 far-7");
    for (const hostname of ["", "a b", "-oProxyCommand=x", "x;y", "[::1]"]) {
      assert.equal(command({ hostname }), "ssh -L 1455:localhost:1455 HOST");
    }
  });
});
