import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { pages } from "../../../../src/oauth/callbackPages.ts";
import { PortsRefused } from "../../../../src/oauth/callbackServer.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { startIssuer } from "../../../issuer/issuer.ts";
import { loginByHttp } from "../../../issuer/login.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import {
  assertNeverShown,
  resetVscode,
  sentences,
  state,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { createEditorFixture, type EditorFixture } from "../editorFixture.ts";

const page = "https://auth.example/oauth/authorize?client_id=a&state=canary-state-0123456789";

describe("What a sign-in asks of the person", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    fixture = await createEditorFixture(issuer);
    fixture.browser.open = async () => true;
  });
  afterEach(() => fixture.end());

  describe("opening its page", () => {
    it("hands the whole address to VS Code", async () => {
      assert.equal(await fixture.surface.open(page), "opened");
      assert.deepEqual([state.opened, state.clipboardReads], [[page], 0]);
    });

    it("knows when the person copied the link instead, however it was encoded on the way", async () => {
      state.opening = false;
      for (const copied of [page, ` ${page}\n`, page.replace("state=", "%73tate=")]) {
        state.clipboard = copied;
        assert.equal(await fixture.surface.open(page), "copied", copied);
      }
    });

    it("takes nothing else on the clipboard for the link", async () => {
      state.opening = false;
      const others = ["", "a note", "https://example.com/", page.replace("canary", "other"), page.split("&state")[0]];
      for (const clipboard of others) {
        state.clipboard = clipboard ?? "";
        assert.equal(await fixture.surface.open(page), "notOpened", clipboard);
      }
    });

    it("does not take one page without a state for another", async () => {
      state.opening = false;
      state.clipboard = "https://example.com/";
      assert.equal(await fixture.surface.open("https://auth.example/codex/device"), "notOpened");
    });

    it("does not read the clipboard in a browser, which would ask for a permission", async () => {
      state.opening = false;
      state.web = true;
      state.clipboard = page;
      assert.equal(await fixture.surface.open(page), "notOpened");
      assert.equal(state.clipboardReads, 0);
    });

    it("passes on that VS Code failed", async () => {
      state.opening = new Error("no browser");
      await assert.rejects(fixture.surface.open(page), /no browser/);
    });
  });

  it("copies and opens nothing when no sign-in runs", async () => {
    state.clipboard = "what the person had";
    await fixture.surface.copyLink();
    await fixture.surface.copyDeviceCode();
    await fixture.surface.openDevicePage();
    assert.deepEqual([state.clipboard, state.opened, state.statusMessages], ["what the person had", [], []]);
  });

  it("copies the link, and says so where the sign-in is shown", async () => {
    const running = fixture.actions.signIn();
    await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
    await fixture.surface.copyLink();
    assert.equal(state.clipboard, state.opened[0]);
    assert.equal(fixture.signIn.running?.notice, "linkCopied");
    fixture.signIn.cancel();
    await running;
    assertNeverShownIn(state.shown, new URL(state.opened[0] ?? "").searchParams.get("state") ?? "");
  });

  it("copies a device code without its link, and opens its page", async () => {
    const running = fixture.actions.signInWith("deviceCode");
    const device = await until(() => fixture.signIn.running?.device);
    await fixture.surface.copyDeviceCode();
    await fixture.surface.openDevicePage();
    assert.deepEqual([state.clipboard, state.opened], [device.userCode, [device.page]]);
    assert.deepEqual(state.statusMessages, ["The device code was copied."]);
    fixture.signIn.cancel();
    await running;
  });

  describe("the box for the address", () => {
    const start = async () => {
      const running = fixture.actions.signInWith("paste");
      const box = await until(() => state.boxes[0]);
      const address = await until(() => state.opened[0]);
      return { running, box, redirect: await loginByHttp(address, "plus@example.com", "password") };
    };

    it("stays while the person is in the browser, and ends with the sign-in", async () => {
      const { running, box, redirect } = await start();
      assert.deepEqual([box.ignoreFocusOut, box.visible, box.title], [true, true, "Paste ChatGPT Sign-in Link"]);
      box.type(redirect);
      assert.equal(box.validationMessage, undefined);
      box.accept();
      await running;
      assert.deepEqual([box.visible, box.disposed], [false, true]);
      assert.deepEqual(sentences(), ["You are signed in with ChatGPT."]);
      assertNeverShown(new URL(redirect).searchParams.get("code") ?? "");
    });

    it("says why an address does not fit, says nothing of none, and takes none that does not", async () => {
      const { running, box, redirect } = await start();
      const wrong: readonly [string, ConstructorParameters<typeof Problem>[0]][] = [
        ["a code alone", "pasteNotAnAddress"],
        [redirect.replace(/state=[^&]+/, "state=other"), "pasteOtherSignIn"],
        [state.opened[0] ?? "", "pasteSignInPage"],
      ];
      for (const [text, code] of wrong) {
        box.type(text);
        assert.equal(box.validationMessage, new Problem(code).message);
        box.type("  ");
        assert.equal(box.validationMessage, undefined);
        box.value = text;
        box.accept();
        assert.equal(box.validationMessage, new Problem(code).message);
        assert.deepEqual([box.visible, fixture.signIn.running?.stage], [true, "waitingForLink"]);
      }
      fixture.signIn.cancel();
      await running;
      assert.equal(box.disposed, true);
    });

    it("comes forward when it is asked for again, and is a new one once it was closed", async () => {
      const { running, box } = await start();
      fixture.surface.askForLink();
      assert.deepEqual([state.boxes.length, box.shows], [1, 2]);
      box.hide();
      assert.equal(box.disposed, true);
      assert.equal(fixture.signIn.running?.stage, "waitingForLink");
      fixture.surface.askForLink();
      assert.deepEqual([state.boxes.length, state.boxes[1]?.visible], [2, true]);
      fixture.signIn.cancel();
      await running;
    });

    it("goes when the browser brings the answer by itself", async () => {
      const running = fixture.actions.signIn();
      await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
      await fixture.actions.signInWith("paste");
      const [box] = state.boxes;
      assert.equal(box?.visible, true);
      await fetch(await loginByHttp(state.opened[0] ?? "", "plus@example.com", "password"));
      await running;
      assert.equal(box?.disposed, true);
    });
  });

  describe("another way, where the first cannot start", () => {
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
      await occupy(1457, pages.notFound.html);
      willAnswer(/^Sign-in needs port/, "Use Device Code");
      assert.equal(await fixture.surface.offerAnotherWay(taken, signal()), "deviceCode");
      const [message] = state.messages;
      const holder =
        process.platform === "linux"
          ? `Port 1455: node (process ${process.pid}).`
          : "Port 1455: a program that the system does not name.";
      assert.equal(message?.text, `${taken.message} ${holder} Port 1457: another VS Code window that is signing in.`);
      assert.deepEqual(message?.buttons, ["Use Device Code", "Paste Link", "Stop the Other Sign-in"]);
    });

    it("does not offer to stop what nobody runs, or another window of ours", async () => {
      await occupy(1457, pages.notFound.html);
      const mixed = new PortsRefused([
        { port: 1455, reason: "reserved" },
        { port: 1457, reason: "inUse" },
      ]);
      willAnswer(/./, "Paste Link");
      assert.equal(await fixture.surface.offerAnotherWay(mixed, signal()), "paste");
      assert.deepEqual(state.messages[0]?.buttons, ["Use Device Code", "Paste Link"]);
      assert.match(sentences()[0] ?? "", /Port 1455: reserved by the system\. Port 1457: another VS Code window/);
    });

    it("says of reserved ports what the problem says, and no more", async () => {
      const reserved = new PortsRefused([1455, 1457].map((port) => ({ port, reason: "reserved" as const })));
      willAnswer(/./, undefined);
      assert.equal(await fixture.surface.offerAnotherWay(reserved, signal()), undefined);
      assert.deepEqual(sentences(), [reserved.message]);
    });

    it("asks the other program to end only at the person's word, and then goes on in the browser", async () => {
      const paths: (string | undefined)[] = [];
      await occupy(1455, "somebody else", (path) => paths.push(path));
      const answer = fixture.surface.offerAnotherWay(taken, signal());
      const message = await until(() => state.messages[0]);
      assert.ok(!paths.includes("/cancel"));
      message.choose("Stop the Other Sign-in");
      assert.equal(await answer, "browser");
      assert.ok(paths.includes("/cancel"));
      assert.ok(fixture.lines.some((line) => line.includes("as the person chose")));
    });

    it("is the browser where device codes are not enabled", async () => {
      willAnswer(/./, "Use Browser");
      const disabled = new Problem("deviceCodeDisabled");
      assert.equal(await fixture.surface.offerAnotherWay(disabled, signal()), "browser");
      assert.deepEqual(state.messages[0]?.buttons, ["Use Browser", "Paste Link"]);
      assert.deepEqual(sentences(), [disabled.message]);
    });

    it("does nothing with an answer that comes when the sign-in is over", async () => {
      const paths: (string | undefined)[] = [];
      await occupy(1455, "somebody else", (path) => paths.push(path));
      const abort = new AbortController();
      const answer = fixture.surface.offerAnotherWay(taken, abort.signal);
      const message = await until(() => state.messages[0]);
      abort.abort();
      message.choose("Stop the Other Sign-in");
      assert.equal(await answer, undefined);
      assert.ok(!paths.includes("/cancel"));
    });

    it("is part of a sign-in: with both ports taken, a device code gets there", async () => {
      await occupy(1455, "somebody else");
      await occupy(1457, "somebody else");
      willAnswer(/^Sign-in needs port/, "Use Device Code");
      const running = fixture.actions.signIn();
      await until(() => fixture.signIn.running?.device);
      assert.deepEqual(state.opened, []);
      fixture.signIn.cancel();
      await running;
    });

    it("ends the sign-in quietly when the person wants none", async () => {
      await occupy(1455, "somebody else");
      await occupy(1457, "somebody else");
      willAnswer(/^Sign-in needs port/, undefined);
      await fixture.actions.signIn();
      assert.equal(sentences().length, 1);
      assert.equal(fixture.actions.problem, undefined);
    });
  });
});

function assertNeverShownIn(shown: readonly string[], secret: string): void {
  assert.ok(secret.length > 5);
  for (const text of shown) assert.ok(!text.includes(secret));
}
