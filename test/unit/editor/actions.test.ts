import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DerivedKey } from "../../../src/account/credential.ts";
import { fingerprintOf } from "../../../src/codex/authFile/read.ts";
import { isProblem, Problem, WordedProblem } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import { browseAs } from "../../support/services.ts";
import {
  assertNeverShown,
  changeSetting,
  resetVscode,
  sentences,
  settingOf,
  settle,
  state,
  theMessage,
  until,
} from "../../support/vscodeStub/stub.ts";
import { temporaryFolder } from "../codex/authFile/temporaryFolder.ts";
import { createEditorFixture, type EditorFixture } from "./editorFixture.ts";

const mode = () => settingOf("chatgptSignIn.authMode");
const unexpected = "Something unexpected went wrong. The log has the details.";

describe("Actions", () => {
  const folder = temporaryFolder();
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  before(async () => {
    issuer = await startIssuer({ ownKeys: ["sk-ownKeyOfThePerson1234"], device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    fixture = await createEditorFixture(issuer);
  });
  afterEach(async () => {
    issuer.faults.clear();
    assertNeverShownBut();
    await fixture.end();
  });

  /** No secret was shown; code and state stand in the sign-in page's address, which is opened and never shown. */
  function assertNeverShownBut() {
    const secrets = issuer.secrets().filter(({ kind }) => kind !== "state" && kind !== "user_code");
    assertNeverShown(...secrets.map(({ value }) => value).filter((value) => value.length > 5));
    for (const { value } of secrets) assert.ok(!fixture.lines.join("\n").includes(value));
  }

  describe("signing in", () => {
    it("says so once it is stored, and switches the mode", async () => {
      const whenTold: unknown[] = [];
      state.onMessage = ({ text }) => whenTold.push([text, (fixture.secrets as MemorySecrets).values.size, mode()]);
      await fixture.actions.signIn();
      assert.deepEqual(whenTold, [["You are signed in with ChatGPT.", 2, "chatgpt"]]);
      assert.equal(fixture.actions.problem, undefined);
      const [progress] = state.progresses;
      assert.equal(progress?.title, "Signing in with ChatGPT");
      await until(() => progress?.done);
    });

    it("twice brings what runs forward, and starts nothing", async () => {
      const pages: string[] = [];
      fixture.browser.open = async (url) => {
        pages.push(url);
        return true;
      };
      const first = fixture.actions.signIn();
      await until(() => fixture.signIn.running?.stage === "waitingForBrowser" && pages.length === 1);
      await fixture.actions.signIn();
      assert.deepEqual([pages.length, pages[0] === pages[1]], [2, true]);
      assert.equal(state.progresses.length, 2);
      await until(() => state.progresses[0]?.done);
      assert.deepEqual(sentences(), []);
      await browseAs("plus@example.com")(pages[0] ?? "");
      await first;
      assert.equal(fixture.accounts.state.accounts.length, 1);
      assert.deepEqual(sentences(), ["You are signed in with ChatGPT."]);
    });

    it("that the person cancels in the notification is not spoken of", async () => {
      fixture.browser.open = async () => true;
      const running = fixture.actions.signIn();
      await until(() => fixture.signIn.running?.stage === "waitingForBrowser");
      state.progresses[0]?.cancel();
      await running;
      assert.deepEqual(sentences(), []);
      assert.deepEqual(
        [mode(), fixture.actions.problem, fixture.accounts.state.active],
        ["apiKey", undefined, undefined],
      );
      await until(() => state.progresses[0]?.done);
    });

    it("that fails is told once, with the log at hand, and is forgotten at the next try", async () => {
      issuer.faults.set("token", { kind: "serverError", times: 1, grant: "authorization_code" });
      await fixture.actions.signIn();
      const message = theMessage(/./);
      assert.deepEqual([message.kind, message.text], ["error", new Problem("serviceFailed").message]);
      assert.deepEqual(message.buttons, ["Show Log"]);
      assert.equal(fixture.actions.problem, message.text);
      assert.equal(mode(), "apiKey");
      message.choose("Show Log");
      await until(() => fixture.logShown === 1);
      assert.ok(fixture.lines.some((line) => line.startsWith("Signing in failed: Problem serviceFailed")));
      await fixture.actions.signIn();
      assert.equal(fixture.actions.problem, undefined);
      assert.equal(mode(), "chatgpt");
    });

    it("stands when the mode cannot be switched, and says both", async () => {
      state.settingFailure = new Error("settings.json canary-text is read-only");
      await fixture.actions.signIn();
      assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
      theMessage(/couldn't save the setting “chatgptSignIn\.authMode”/);
      theMessage(/^You are signed in with ChatGPT\.$/);
      assertNeverShown("canary-text");
    });

    it("goes on with another way, and starts with it when none runs", async () => {
      const running = fixture.actions.signInWith("paste");
      await until(() => state.boxes[0]?.visible);
      assert.equal(fixture.signIn.running?.flow, "paste");
      await fixture.actions.signInWith("deviceCode");
      assert.equal(fixture.signIn.running?.flow, "deviceCode");
      fixture.actions.cancelSignIn();
      await running;
      assert.deepEqual(sentences(), []);
    });

    it("goes on when another way fails, which is told", async () => {
      fixture.browser.open = async () => true;
      issuer.setDevice({ enabled: false });
      try {
        const running = fixture.actions.signIn();
        await until(() => fixture.signIn.running?.stage === "waitingForBrowser");
        await fixture.actions.signInWith("deviceCode");
        assert.deepEqual(sentences(), [new Problem("deviceCodeDisabled").message]);
        assert.ok(fixture.signIn.running);
        fixture.actions.cancelSignIn();
        await running;
        assert.equal(sentences().length, 1);
      } finally {
        issuer.setDevice({ enabled: true });
      }
    });

    it("that ends while another way starts is told once", async () => {
      fixture.browser.open = async () => true;
      const running = fixture.actions.signIn();
      await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
      issuer.faults.set("usercode", { kind: "slow", delayMs: 20_000 });
      const switching = fixture.actions.signInWith("deviceCode");
      const redirect = await loginByHttp(state.opened[0] ?? "", "plus@example.com", "password", { cancel: true });
      await fetch(redirect);
      await Promise.all([running, switching]);
      assert.deepEqual(sentences(), [new Problem("accessDenied").message]);
    });

    it("tells of a way that failed meanwhile, and nothing of one that was cancelled", () => {
      fixture.actions.tellTrouble(new Problem("cancelled"));
      assert.deepEqual(sentences(), []);
      fixture.actions.tellTrouble(new Problem("regionBlocked", "at-canarySecret12345678"));
      assert.deepEqual(sentences(), [new Problem("regionBlocked").message]);
      assert.ok(!fixture.lines.join("\n").includes("canarySecret"));
    });

    it("for a session throws what it failed with, and tells it once", async () => {
      issuer.faults.set("token", { kind: "status", status: 400, code: "invalid_grant", times: 1 });
      await assert.rejects(fixture.actions.signInForSession({}), (error) => isProblem(error, "exchangeRefused"));
      assert.deepEqual(sentences(), [new Problem("exchangeRefused").message]);
      assert.equal(mode(), "apiKey");
      await fixture.actions.signInForSession({});
      assert.deepEqual([mode(), fixture.accounts.state.active?.plan], ["chatgpt", "plus"]);
    });

    it("for a session that joins one which runs already switches the mode, too", async () => {
      const running = fixture.actions.signIn();
      await fixture.actions.signInForSession({});
      await running;
      assert.equal(mode(), "chatgpt");
    });

    it("copies and opens what belongs to the running sign-in", async () => {
      fixture.browser.open = async () => true;
      const running = fixture.actions.signIn();
      await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
      await fixture.actions.copySignInLink();
      assert.equal(state.clipboard, state.opened[0]);
      await fixture.actions.signInWith("deviceCode");
      await fixture.actions.copyDeviceCode();
      assert.equal(state.clipboard, fixture.signIn.running?.device?.userCode);
      await fixture.actions.openDevicePage();
      assert.equal(state.opened.at(-1), fixture.signIn.running?.device?.page);
      fixture.actions.cancelSignIn();
      await running;
    });
  });

  describe("signing out", () => {
    const here = "You are signed out of ChatGPT on this computer.";
    const there = "The sign-in has been ended at the service as well.";

    it("ends the sign-in here, then at the service, and goes back to the key", async () => {
      const { id, tokens } = await fixture.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      const order: string[] = [];
      fixture.accounts.onDidChange(({ accounts }) => order.push(`accounts ${accounts.length}`));
      state.configurationChanged.event(() => order.push(`mode ${mode()}`));
      const revoked = issuer.waitForRecord("revoke").then(() => order.push("revoked"));
      await fixture.actions.signOut();
      await revoked;
      assert.deepEqual(order, ["mode apiKey", "accounts 0", "revoked"]);
      assert.deepEqual(sentences(), [`${here} ${there}`]);
      assert.deepEqual(fixture.revoked, [tokens.refreshToken]);
      assert.equal((fixture.secrets as MemorySecrets).values.has(`credential.${id}`), false);
    });

    it("stands when the service cannot be told, and says so", async () => {
      await fixture.signedIn();
      issuer.faults.set("revoke", { kind: "serverError" });
      await fixture.actions.signOut();
      assert.deepEqual(sentences(), [
        `${here} The service could not be told, so the sign-in may stay valid there until it expires.`,
      ]);
      assert.equal(fixture.actions.problem, undefined);
      assert.deepEqual(fixture.accounts.state.accounts, []);
      assert.ok(fixture.lines.some((line) => line.startsWith("The refresh token was not revoked: ")));
    });

    it("of one of two leaves the other and the mode", async () => {
      const first = await fixture.signedIn("team@example.com");
      await fixture.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await fixture.actions.signOut(first.id);
      assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
      assert.equal(mode(), "chatgpt");
      assert.match(sentences()[0] ?? "", /^That account is signed out on this computer; your other/);
      assert.deepEqual(fixture.revoked, [first.tokens.refreshToken]);
    });

    it("twice at once ends it once", async () => {
      await fixture.signedIn();
      await Promise.all([fixture.actions.signOut(), fixture.actions.signOut()]);
      assert.equal(fixture.revoked.length, 1);
      assert.deepEqual(sentences().sort(), [new Problem("notSignedIn").message, `${here} ${there}`].sort());
    });

    it("that cannot be stored is told, and ends nothing at the service", async () => {
      await fixture.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      Object.assign(fixture.secrets, { failingStores: 1 });
      await fixture.actions.signOut();
      assert.deepEqual(sentences(), [new Problem("saveFailed").message]);
      assert.deepEqual([fixture.revoked, mode(), fixture.accounts.state.accounts.length], [[], "chatgpt", 1]);
    });

    it("of nobody says so", async () => {
      await fixture.actions.signOut();
      assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
      assert.deepEqual(fixture.revoked, []);
    });

    const lives: readonly ["linked" | "copied", string][] = [
      ["linked", `${here} The Codex CLI stays signed in.`],
      ["copied", `${here} The Codex CLI, whose login it was copied from, was left alone.`],
    ];
    for (const [origin, sentence] of lives) {
      it(`of a ${origin} login leaves the CLI's alone`, async () => {
        const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
        await fixture.signedIn("plus@example.com", { origin, derivedKey });
        await fixture.actions.signOut();
        assert.deepEqual(sentences(), [sentence]);
        assert.deepEqual(fixture.revoked, []);
      });
    }

    for (const [whose, sentence] of [
      ["ours", `${here} ${there}`],
      ["the CLI's, which has renewed it", `${here} The Codex CLI stays signed in.`],
    ] as const) {
      it(`while a hand-over is not settled finds out first that the login is ${whose}`, async () => {
        const [file, backup] = [join(folder(), "auth.json"), join(folder(), "auth.json.backup-1")];
        // What cannot be read keeps it from being settled by itself.
        await mkdir(file);
        const earlier = '{"OPENAI_API_KEY":"sk-proj-earlier-0123456789"}';
        await writeFile(backup, earlier);
        const attributes = { mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
        const replaced = { fingerprint: fingerprintOf(earlier), attributes, backup };
        const { tokens } = await fixture.signedIn("plus@example.com", { handOff: { codexHome: folder(), replaced } });
        await until(() => fixture.lines.some((line) => line.includes("is not settled")));
        await rm(file, { recursive: true });
        const refreshToken = whose === "ours" ? tokens.refreshToken : "rt.renewed";
        const names = { id_token: tokens.idToken, access_token: tokens.accessToken, refresh_token: refreshToken };
        const text = JSON.stringify({ auth_mode: "chatgpt", tokens: names });
        await writeFile(file, text);
        await fixture.actions.signOut();
        assert.deepEqual(sentences(), [sentence]);
        assert.deepEqual(fixture.revoked, whose === "ours" ? [tokens.refreshToken] : []);
        assert.equal(await readFile(file, "utf8"), whose === "ours" ? earlier : text);
      });
    }

    it("says that a derived key stays valid", async () => {
      const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
      await fixture.signedIn("plus@example.com", { derivedKey });
      await fixture.actions.signOut();
      assert.deepEqual(sentences(), [
        `${here} ${there} The API key that was made for you stays valid until you delete it at platform.openai.com.`,
      ]);
      assertNeverShown("derivedCanary");
    });
  });

  describe("refreshing", () => {
    it("renews the tokens and makes the key that was missing", async () => {
      const before = await fixture.signedIn();
      await fixture.actions.refresh();
      assert.deepEqual(sentences(), ["The ChatGPT credential was refreshed."]);
      const { credential } = fixture.accounts.entry() ?? assert.fail();
      assert.equal(credential.sequence, 1);
      assert.notEqual(credential.tokens.refreshToken, before.tokens.refreshToken);
      assert.equal(credential.derivedKey.status, "present");
    });

    it("reads who is signed in first, when nobody has yet", async () => {
      await fixture.signedIn();
      const other = await createEditorFixture(issuer, { secrets: fixture.secrets, directory: fixture.directory });
      await other.actions.refresh();
      assert.deepEqual(sentences(), ["The ChatGPT credential was refreshed."]);
    });

    it("that fails is told, and loses nothing", async () => {
      const before = await fixture.signedIn();
      issuer.faults.set("token", { kind: "serverError" });
      await fixture.actions.refresh();
      assert.deepEqual(sentences(), [new Problem("serviceFailed").message]);
      assert.equal(fixture.accounts.entry()?.credential.tokens.refreshToken, before.tokens.refreshToken);
    });

    it("of nobody says so", async () => {
      await fixture.actions.refresh();
      assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
    });
  });

  describe("making the derived key again", () => {
    it("stores it", async () => {
      await fixture.signedIn();
      await fixture.actions.retryDerivedKey();
      assert.equal(fixture.accounts.state.active?.derivedKey.status, "present");
      assert.deepEqual(sentences(), []);
    });

    it("renews first when the id_token has expired", async () => {
      issuer.setLifetimes({ idToken: 1 });
      try {
        const { tokens } = await fixture.signedIn();
        issuer.setLifetimes({ idToken: 3600 });
        await until(() => fixture.deriver.needsFreshIdToken(fixture.accounts.entry() ?? assert.fail()));
        await fixture.actions.retryDerivedKey();
        const { credential } = fixture.accounts.entry() ?? assert.fail();
        assert.notEqual(credential.tokens.idToken, tokens.idToken);
        assert.equal(credential.derivedKey.status, "present");
      } finally {
        issuer.setLifetimes({ idToken: 3600 });
      }
    });
  });

  it("say what they are busy with, and that they are done, whatever came of it", async () => {
    const busy: unknown[] = [];
    fixture.actions.onDidChange(() => busy.push(fixture.actions.busy));
    fixture.codexExport.run = async () => {
      throw new WordedProblem("The file could not be written.");
    };
    await fixture.actions.exportToCodex();
    assert.deepEqual([busy[0], busy.at(-1)], ["codex", undefined]);
    assert.deepEqual(sentences(), ["The file could not be written."]);
    await fixture.actions.refresh();
    assert.equal(fixture.actions.problem, new Problem("notSignedIn").message);
    assert.equal(fixture.actions.busy, undefined);
  });

  it("go on when a listener throws", async () => {
    let heard = 0;
    fixture.actions.onDidChange(() => {
      throw new Error("canary-text of a listener");
    });
    fixture.actions.onDidChange(() => {
      heard += 1;
    });
    await fixture.signedIn();
    await fixture.actions.refresh();
    assert.deepEqual(sentences(), ["The ChatGPT credential was refreshed."]);
    assert.equal(heard, 2);
    assert.ok(fixture.lines.some((line) => line.startsWith("A listener of the actions failed: ")));
    assert.ok(!fixture.lines.join("\n").includes("canary-text"));
  });

  it("say of what nobody foresaw only that it happened", async () => {
    fixture.codexExport.run = async () => {
      throw new Error("canary-text [click](command:evil)");
    };
    await fixture.actions.exportToCodex();
    assert.deepEqual(sentences(), [unexpected]);
    assert.ok(!fixture.lines.join("\n").includes("canary-text"));
  });

  it("switch to another account, and not to one that is not there", async () => {
    const team = await fixture.signedIn("team@example.com");
    await fixture.signedIn();
    await fixture.actions.switchAccount(team.id);
    assert.equal(fixture.accounts.state.active?.email, "team@example.com");
    await fixture.actions.switchAccount("0123456789abcdef");
    assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
    assert.equal(fixture.accounts.state.active?.email, "team@example.com");
  });

  it("switch the mode, and tell when the setting cannot be written", async () => {
    await fixture.actions.setAuthMode("chatgpt");
    assert.equal(mode(), "chatgpt");
    state.settingFailure = new Error("read-only");
    await fixture.actions.setAuthMode("apiKey");
    assert.match(sentences().join(), /^VS Code couldn't save the setting “chatgptSignIn\.authMode”\./);
    assert.equal(mode(), "chatgpt");
  });

  it("sign in when that was chosen instead of an import", async () => {
    fixture.codexImport.run = async () => "signIn";
    await fixture.actions.importFromCodex();
    assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
    assert.deepEqual(sentences(), ["You are signed in with ChatGPT."]);
  });

  it("do not sign in after an import that failed", async () => {
    fixture.codexImport.run = async () => {
      throw new Problem("workspaceNotAllowed");
    };
    await fixture.actions.importFromCodex();
    await settle();
    assert.deepEqual([state.opened, fixture.signIn.running], [[], undefined]);
    assert.deepEqual(sentences(), [new Problem("workspaceNotAllowed").message]);
  });

  it("take the environment's key over when asked to, and say so when there is none", async () => {
    const { OPENAI_API_KEY: before } = process.env;
    try {
      delete process.env.OPENAI_API_KEY;
      await fixture.actions.adoptEnvironmentKey();
      assert.deepEqual(sentences(), [new Problem("noEnvironmentKey").message]);
      process.env.OPENAI_API_KEY = "sk-ownKeyOfThePerson1234";
      await fixture.actions.adoptEnvironmentKey();
      assert.deepEqual(
        [fixture.ownKey.current?.key, fixture.ownKey.current?.checked],
        ["sk-ownKeyOfThePerson1234", true],
      );
      assert.equal(sentences().at(-1), "The API key works and is stored.");
    } finally {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    }
  });

  it("open the Platform of the account that is signed in, and nothing for nobody", async () => {
    await fixture.actions.openPlatform();
    assert.deepEqual(state.opened, []);
    await fixture.signedIn();
    await fixture.actions.openPlatform();
    assert.deepEqual(state.opened, ["https://platform.openai.com/"]);
  });
});
