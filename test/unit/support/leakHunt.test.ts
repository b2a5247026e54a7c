import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import type { Secret } from "../../issuer/types.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import type { CodeServer } from "../../support/codeServer.ts";
import { LeakHunt } from "../../support/leakHunt.ts";

const secret = (kind: Secret["kind"]) => ({ kind, value: `x-${randomBytes(30).toString("base64url")}` });

/** A browser's tab with one frame. */
class FakePage extends EventEmitter {
  address: string;
  content = "";
  stored = "";
  constructor(address: string) {
    super();
    this.address = address;
  }
  readonly url = () => this.address;
  readonly frames = () => [{ url: this.url, content: async () => this.content }];
  readonly evaluate = async () => this.stored;
}

/** A person's browser: what the hunt puts into pages, it can call. */
class FakePerson extends EventEmitter {
  readonly tabs = [new FakePage("http://127.0.0.1:1/")];
  note: (source: unknown, place: string, text: string) => void = () => assert.fail("Nobody listens");
  readonly pages = () => this.tabs;
  readonly addInitScript = async () => {};
  readonly exposeBinding = async (_name: string, callback: FakePerson["note"]) => {
    this.note = callback;
  };
}

describe("a hunt for leaks", () => {
  const token = secret("access_token");
  const code = secret("authorization_code");
  const userCode: Secret = { kind: "user_code", value: "AB12-CD345" };
  let folder: ReturnType<typeof temporaryDirectory>;
  let person: FakePerson;
  let hunt: LeakHunt;
  let secrets: Secret[];
  let settings: object;
  let logs: string;
  const userFile = (name: string) => join(folder.path, "user", name);

  beforeEach(async () => {
    folder = temporaryDirectory();
    const installed = join(folder.path, "extensions", "chatgpt-sign-in.chatgpt-sign-in-0.1.0", "dist");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "extension.cjs"), "");
    mkdirSync(join(folder.path, "user"));
    [person, secrets, settings, logs] = [new FakePerson(), [token, code, userCode], {}, ""];
    const server = {
      origin: "http://127.0.0.1:1",
      userDataDir: join(folder.path, "user"),
      extensionsDir: join(folder.path, "extensions"),
      logs: () => logs,
      readSettings: () => settings,
    };
    hunt = await LeakHunt.start({
      person: person as unknown as BrowserContext,
      server: server as unknown as CodeServer,
      secrets: () => secrets,
      shown: ["user_code"],
    });
  });
  afterEach(async () => {
    hunt.stop();
    await folder.remove();
  });

  const page = () => person.tabs[0] ?? assert.fail();
  const places = async () => {
    await hunt.look();
    return hunt.leaks.map(({ kind, place }) => `${kind}: ${place}`);
  };
  /** What the recorder of an extension host writes. */
  const record = (place: string, text: string) =>
    appendFileSync(join(folder.path, "recorded", "7.jsonl"), `${JSON.stringify({ place, text })}\n`);

  /** A leak of the token in each place, and its name. */
  const leaks: Readonly<Record<string, () => unknown>> = {
    "what is on the screen": () => (page().content = `<b>${token.value}</b>`),
    "the state of the workbench": () => (page().stored = JSON.stringify({ a: token.value })),
    "address: /here": () => (page().address = `http://127.0.0.1:1/here#${token.value}`),
    "address: /there": () => person.emit("page", navigated(`https://example.com/there?a=${token.value}`)),
    "the console of the browser": () => person.emit("console", { text: () => token.value }),
    "requested by the browser: /wham/usage": () =>
      person.emit("request", { url: () => `http://127.0.0.2/wham/usage?a=${token.value}` }),
    "a message to a frame": () => person.note({}, "a message to a frame", JSON.stringify({ a: token.value })),
    "the settings": () => (settings = { "chatgptSignIn.codexPath": token.value }),
    "the logs": () => (logs = `[info] ${token.value}`),
    "the file logs/a.log": () => {
      mkdirSync(userFile("logs"));
      writeFileSync(userFile("logs/a.log"), token.value);
    },
    "the file state.db": () => writeFileSync(userFile("state.db"), Buffer.from(`\0\0\0${token.value}`, "utf16le")),
    "global state": () => record("global state", `a ${token.value}`),
    "requested: /v1/models": () => record("requested", `http://127.0.0.2/v1/models?key=${token.value}`),
  };
  /** A tab that goes there once somebody listens. */
  function navigated(url: string): FakePage {
    const tab = new FakePage(url);
    setImmediate(() => tab.emit("framenavigated", { url: () => url }));
    return tab;
  }

  for (const [place, leak] of Object.entries(leaks))
    it(`finds a token in ${place}, and remembers it when it is gone`, async () => {
      assert.deepEqual(await places(), []);
      leak();
      await new Promise(setImmediate);
      const found = [`access_token: ${place}`];
      assert.deepEqual(await places(), found);
      rmSync(join(folder.path, "user"), { recursive: true });
      mkdirSync(join(folder.path, "user"));
      [settings, logs, person.tabs.length] = [{}, "", 0];
      await assert.rejects(hunt.assertNone(), (error: Error) => {
        assert.ok(error.message.includes(`a access_token is in ${place}`), error.message);
        return !error.message.includes(token.value);
      });
    });

  it("finds what our services are asked for", async () => {
    const server = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await fetch(`${origin}/wham/usage?access_token=${token.value}`);
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(await places(), ["access_token: served: /wham/usage"]);
  });

  it("finds a secret that was let out before it was known to be one", async () => {
    const verifier = secret("code_verifier");
    record("the log before it is redacted", `Sent ${verifier.value}`);
    page().content = verifier.value;
    assert.deepEqual(await places(), []);
    page().content = "";
    secrets = [...secrets, verifier];
    assert.deepEqual(await places(), [
      "code_verifier: what is on the screen",
      "code_verifier: the log before it is redacted",
    ]);
  });

  it("leaves a code to the addresses that need one, and to no other place", async () => {
    for (const path of ["/oauth/authorize", "/auth/callback", "/deviceauth/callback", "/login", "/interaction/7"])
      record("requested", `http://127.0.0.2${path}?code=${code.value}`);
    assert.deepEqual(await places(), []);
    for (const path of ["/success", "/cancel", "/wham/usage?of=/auth/callback", "/authors/callback"])
      record("requested", `http://127.0.0.2${path}#${code.value}`);
    record("requested", `http://127.0.0.2/auth/callback?token=${token.value}`);
    logs = `http://127.0.0.2/auth/callback?code=${code.value}`;
    assert.deepEqual((await places()).sort(), [
      "access_token: requested: /auth/callback",
      "authorization_code: requested: /authors/callback",
      "authorization_code: requested: /cancel",
      "authorization_code: requested: /success",
      "authorization_code: requested: /wham/usage",
      "authorization_code: the logs",
    ]);
  });

  it("leaves a code that is shown to the person there, and nowhere else", async () => {
    page().content = userCode.value;
    person.note({}, "a message to a frame", userCode.value);
    record("a message to the panel", userCode.value);
    assert.deepEqual(await places(), []);
    record("global state", userCode.value);
    record("a message from the panel", userCode.value);
    logs = userCode.value;
    assert.deepEqual((await places()).sort(), [
      "user_code: a message from the panel",
      "user_code: global state",
      "user_code: the logs",
    ]);
  });

  it("does not take Chromium's own page about an address for the extension's", async () => {
    page().address = "chrome-error://chromewebdata/";
    page().content = `localhost/auth/callback?code=${code.value}`;
    assert.deepEqual(await places(), []);
  });
});
