import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { chooseFlow } from "../../../../src/editor/signIn/flowChoice.ts";
import { PortsRefused } from "../../../../src/oauth/callbackListener.ts";
import { pages } from "../../../../src/oauth/callbackPages.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { deviceOf } from "../../../support/runningSignIn.ts";
import { sentences, state, until, willAnswer } from "../../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "../editorFixture.ts";

describe("Another method, where the first cannot be used", () => {
  let fixture: EditorFixture;
  useEditorFixture(
    (made) => {
      fixture = made;
      fixture.browser.open = async () => true;
    },
    { device: { interval: 1 } },
  );
  const signal = () => new AbortController().signal;
  const taken = new PortsRefused([1455, 1457].map((port) => ({ port, reason: "inUse" as const })));
  const servers: Server[] = [];
  const occupy = async (port: number, text: string, onRequest = (_path: string | undefined) => {}) => {
    const server = createServer((request, response) => {
      onRequest(request.url);
      response.setHeader("connection", "close").end(text);
      if (request.url === "/cancel") server.close();
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    servers.push(server);
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("names what has the ports, and what can be done", async () => {
    await occupy(1455, "somebody else");
    await occupy(1457, pages.notFound().html);
    willAnswer(/^Sign-in needs port/, "Use Device Code");
    assert.equal(await chooseFlow(taken, signal(), fixture.log), "deviceCode");
    const [message] = state.messages;
    const owner =
      process.platform === "linux"
        ? `Port 1455: node (process ${process.pid}).`
        : "Port 1455: an unidentified program.";
    assert.equal(message?.text, `${taken.message} ${owner} Port 1457: another VS Code window is signing in.`);
    assert.deepEqual(message?.buttons, ["Use Device Code", "Paste Address", "Stop Other Sign-in"]);
  });

  it("does not offer to stop what nobody runs, or another window of this extension", async () => {
    await occupy(1457, pages.notFound().html);
    const mixed = new PortsRefused([
      { port: 1455, reason: "reserved" },
      { port: 1457, reason: "inUse" },
    ]);
    willAnswer(/./, "Paste Address");
    assert.equal(await chooseFlow(mixed, signal(), fixture.log), "paste");
    assert.deepEqual(state.messages[0]?.buttons, ["Use Device Code", "Paste Address"]);
    assert.match(sentences()[0] ?? "", /Port 1455: reserved by the system\. Port 1457: another VS Code window/);
  });

  it("says of reserved ports what the problem says, and no more", async () => {
    const reserved = new PortsRefused([1455, 1457].map((port) => ({ port, reason: "reserved" as const })));
    willAnswer(/./, undefined);
    assert.equal(await chooseFlow(reserved, signal(), fixture.log), undefined);
    assert.deepEqual(sentences(), [reserved.message]);
  });

  it("asks the other program to end only when the person chose it, and then goes on in the browser", async () => {
    const paths: (string | undefined)[] = [];
    await occupy(1455, "somebody else", (path) => paths.push(path));
    const answer = chooseFlow(taken, signal(), fixture.log);
    const message = await until(() => state.messages[0]);
    assert.ok(!paths.includes("/cancel"));
    message.choose("Stop Other Sign-in");
    assert.equal(await answer, "browser");
    assert.ok(paths.includes("/cancel"));
    assert.ok(fixture.lines.some((line) => line.includes("as the person chose")));
  });

  it("is the browser where device codes are not enabled", async () => {
    willAnswer(/./, "Use Browser");
    const disabled = new Problem("deviceCodeDisabled");
    assert.equal(await chooseFlow(disabled, signal(), fixture.log), "browser");
    assert.deepEqual(state.messages[0]?.buttons, ["Use Browser", "Paste Address"]);
    assert.deepEqual(sentences(), [disabled.message]);
  });

  it("does nothing with an answer that comes when the sign-in is over", async () => {
    const paths: (string | undefined)[] = [];
    await occupy(1455, "somebody else", (path) => paths.push(path));
    const abort = new AbortController();
    const answer = chooseFlow(taken, abort.signal, fixture.log);
    const message = await until(() => state.messages[0]);
    abort.abort();
    message.choose("Stop Other Sign-in");
    assert.equal(await answer, undefined);
    assert.ok(!paths.includes("/cancel"));
  });

  it("shows nothing when the sign-in ends while the programs on the ports are looked up", async () => {
    willAnswer(/./, "Paste Address");
    const abort = new AbortController();
    const answer = chooseFlow(taken, abort.signal, fixture.log);
    abort.abort();
    assert.equal(await answer, undefined);
    assert.deepEqual(sentences(), []);
  });

  it("is part of a sign-in: with both ports taken, a device code gets there", async () => {
    await occupy(1455, "somebody else");
    await occupy(1457, "somebody else");
    willAnswer(/^Sign-in needs port/, "Use Device Code");
    const running = fixture.run("signIn");
    await until(() => deviceOf(fixture.signIn));
    assert.deepEqual(state.opened, []);
    fixture.signIn.cancel();
    await running;
  });

  it("ends the sign-in quietly when the person wants none", async () => {
    await occupy(1455, "somebody else");
    await occupy(1457, "somebody else");
    willAnswer(/^Sign-in needs port/, undefined);
    await fixture.run("signIn");
    assert.equal(sentences().length, 1);
    assert.equal(fixture.activity.problem, undefined);
  });
});
