import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DerivedKey } from "../../../src/account/credential.ts";
import { fingerprintOf } from "../../../src/codex/readAuthFile.ts";
import { isProblem, Problem, WordedProblem } from "../../../src/platform/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import { browseAs } from "../../support/rooms.ts";
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
import { temporaryFolder } from "../codex/temporaryFolder.ts";
import { createEditorBed, type EditorBed } from "./editorBed.ts";

const mode = () => settingOf("chatgptSignIn.authMode");
const unexpected = "Something unexpected went wrong. The log has the details.";

describe("Actions", () => {
  const folder = temporaryFolder();
  let issuer: TestIssuer;
  let bed: EditorBed;
  before(async () => {
    issuer = await startIssuer({ ownKeys: ["sk-ownKeyOfThePerson1234"], device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    bed = await createEditorBed(issuer);
  });
  afterEach(async () => {
    issuer.faults.clear();
    assertNeverShownBut();
    await bed.end();
  });

  /** No secret was shown; code and state stand in the sign-in page's address, which is opened and never shown. */
  function assertNeverShownBut() {
    const secrets = issuer.secrets().filter(({ kind }) => kind !== "state" && kind !== "user_code");
    assertNeverShown(...secrets.map(({ value }) => value).filter((value) => value.length > 5));
    for (const { value } of secrets) assert.ok(!bed.lines.join("\n").includes(value));
  }

  describe("signing in", () => {
    it("says so once it is stored, and switches the mode", async () => {
      const whenTold: unknown[] = [];
      state.onMessage = ({ text }) => whenTold.push([text, (bed.secrets as MemorySecrets).values.size, mode()]);
      await bed.actions.signIn();
      assert.deepEqual(whenTold, [["You are signed in with ChatGPT.", 2, "chatgpt"]]);
      assert.equal(bed.actions.problem, undefined);
      const [progress] = state.progresses;
      assert.equal(progress?.title, "Signing in with ChatGPT");
      await until(() => progress?.done);
    });

    it("twice brings what runs forward, and starts nothing", async () => {
      const pages: string[] = [];
      bed.browser.open = async (url) => {
        pages.push(url);
        return true;
      };
      const first = bed.actions.signIn();
      await until(() => bed.signIn.running?.stage === "waitingForBrowser" && pages.length === 1);
      await bed.actions.signIn();
      assert.deepEqual([pages.length, pages[0] === pages[1]], [2, true]);
      assert.equal(state.progresses.length, 2);
      await until(() => state.progresses[0]?.done);
      assert.deepEqual(sentences(), []);
      await browseAs("plus@example.com")(pages[0] ?? "");
      await first;
      assert.equal(bed.accounts.state.accounts.length, 1);
      assert.deepEqual(sentences(), ["You are signed in with ChatGPT."]);
    });

    it("that the person cancels in the notification is not spoken of", async () => {
      bed.browser.open = async () => true;
      const running = bed.actions.signIn();
      await until(() => bed.signIn.running?.stage === "waitingForBrowser");
      state.progresses[0]?.cancel();
      await running;
      assert.deepEqual(sentences(), []);
      assert.deepEqual([mode(), bed.actions.problem, bed.accounts.state.active], ["apiKey", undefined, undefined]);
      await until(() => state.progresses[0]?.done);
    });

    it("that fails is told once, with the log at hand, and is forgotten at the next try", async () => {
      issuer.faults.set("token", { kind: "serverError", times: 1, grant: "authorization_code" });
      await bed.actions.signIn();
      const message = theMessage(/./);
      assert.deepEqual([message.kind, message.text], ["error", new Problem("serviceFailed").message]);
      assert.deepEqual(message.buttons, ["Show Log"]);
      assert.equal(bed.actions.problem, message.text);
      assert.equal(mode(), "apiKey");
      message.choose("Show Log");
      await until(() => bed.logShown === 1);
      assert.ok(bed.lines.some((line) => line.startsWith("Signing in failed: Problem serviceFailed")));
      await bed.actions.signIn();
      assert.equal(bed.actions.problem, undefined);
      assert.equal(mode(), "chatgpt");
    });

    it("stands when the mode cannot be switched, and says both", async () => {
      state.settingFailure = new Error("settings.json canary-text is read-only");
      await bed.actions.signIn();
      assert.equal(bed.accounts.state.active?.email, "plus@example.com");
      theMessage(/couldn't save the setting “chatgptSignIn\.authMode”/);
      theMessage(/^You are signed in with ChatGPT\.$/);
      assertNeverShown("canary-text");
    });

    it("goes on with another way, and starts with it when none runs", async () => {
      const running = bed.actions.signInWith("paste");
      await until(() => state.boxes[0]?.visible);
      assert.equal(bed.signIn.running?.flow, "paste");
      await bed.actions.signInWith("deviceCode");
      assert.equal(bed.signIn.running?.flow, "deviceCode");
      bed.actions.cancelSignIn();
      await running;
      assert.deepEqual(sentences(), []);
    });

    it("goes on when another way fails, which is told", async () => {
      bed.browser.open = async () => true;
      issuer.setDevice({ enabled: false });
      try {
        const running = bed.actions.signIn();
        await until(() => bed.signIn.running?.stage === "waitingForBrowser");
        await bed.actions.signInWith("deviceCode");
        assert.deepEqual(sentences(), [new Problem("deviceCodeDisabled").message]);
        assert.ok(bed.signIn.running);
        bed.actions.cancelSignIn();
        await running;
        assert.equal(sentences().length, 1);
      } finally {
        issuer.setDevice({ enabled: true });
      }
    });

    it("that ends while another way starts is told once", async () => {
      bed.browser.open = async () => true;
      const running = bed.actions.signIn();
      await until(() => state.opened.length === 1 && bed.signIn.running?.stage === "waitingForBrowser");
      issuer.faults.set("usercode", { kind: "slow", delayMs: 20_000 });
      const switching = bed.actions.signInWith("deviceCode");
      const redirect = await loginByHttp(state.opened[0] ?? "", "plus@example.com", "password", { cancel: true });
      await fetch(redirect);
      await Promise.all([running, switching]);
      assert.deepEqual(sentences(), [new Problem("accessDenied").message]);
    });

    it("tells of a way that failed meanwhile, and nothing of one that was cancelled", () => {
      bed.actions.tellTrouble(new Problem("cancelled"));
      assert.deepEqual(sentences(), []);
      bed.actions.tellTrouble(new Problem("regionBlocked", "at-canarySecret12345678"));
      assert.deepEqual(sentences(), [new Problem("regionBlocked").message]);
      assert.ok(!bed.lines.join("\n").includes("canarySecret"));
    });

    it("for a session throws what it failed with, and tells it once", async () => {
      issuer.faults.set("token", { kind: "status", status: 400, code: "invalid_grant", times: 1 });
      await assert.rejects(bed.actions.signInForSession({}), (error) => isProblem(error, "exchangeRefused"));
      assert.deepEqual(sentences(), [new Problem("exchangeRefused").message]);
      assert.equal(mode(), "apiKey");
      await bed.actions.signInForSession({});
      assert.deepEqual([mode(), bed.accounts.state.active?.plan], ["chatgpt", "plus"]);
    });

    it("for a session that joins one which runs already switches the mode, too", async () => {
      const running = bed.actions.signIn();
      await bed.actions.signInForSession({});
      await running;
      assert.equal(mode(), "chatgpt");
    });

    it("copies and opens what belongs to the running sign-in", async () => {
      bed.browser.open = async () => true;
      const running = bed.actions.signIn();
      await until(() => state.opened.length === 1 && bed.signIn.running?.stage === "waitingForBrowser");
      await bed.actions.copySignInLink();
      assert.equal(state.clipboard, state.opened[0]);
      await bed.actions.signInWith("deviceCode");
      await bed.actions.copyDeviceCode();
      assert.equal(state.clipboard, bed.signIn.running?.device?.userCode);
      await bed.actions.openDevicePage();
      assert.equal(state.opened.at(-1), bed.signIn.running?.device?.page);
      bed.actions.cancelSignIn();
      await running;
    });
  });

  describe("signing out", () => {
    const here = "You are signed out of ChatGPT on this computer.";
    const there = "The sign-in has been ended at the service as well.";

    it("ends the sign-in here, then at the service, and goes back to the key", async () => {
      const { id, tokens } = await bed.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      const order: string[] = [];
      bed.accounts.onDidChange(({ accounts }) => order.push(`accounts ${accounts.length}`));
      state.configurationChanged.event(() => order.push(`mode ${mode()}`));
      const revoked = issuer.waitForRecord("revoke").then(() => order.push("revoked"));
      await bed.actions.signOut();
      await revoked;
      assert.deepEqual(order, ["mode apiKey", "accounts 0", "revoked"]);
      assert.deepEqual(sentences(), [`${here} ${there}`]);
      assert.deepEqual(bed.revoked, [tokens.refreshToken]);
      assert.equal((bed.secrets as MemorySecrets).values.has(`credential.${id}`), false);
    });

    it("stands when the service cannot be told, and says so", async () => {
      await bed.signedIn();
      issuer.faults.set("revoke", { kind: "serverError" });
      await bed.actions.signOut();
      assert.deepEqual(sentences(), [
        `${here} The service could not be told, so the sign-in may stay valid there until it expires.`,
      ]);
      assert.equal(bed.actions.problem, undefined);
      assert.deepEqual(bed.accounts.state.accounts, []);
      assert.ok(bed.lines.some((line) => line.startsWith("The refresh token was not revoked: ")));
    });

    it("of one of two leaves the other and the mode", async () => {
      const first = await bed.signedIn("team@example.com");
      await bed.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await bed.actions.signOut(first.id);
      assert.equal(bed.accounts.state.active?.email, "plus@example.com");
      assert.equal(mode(), "chatgpt");
      assert.match(sentences()[0] ?? "", /^That account is signed out on this computer; your other/);
      assert.deepEqual(bed.revoked, [first.tokens.refreshToken]);
    });

    it("twice at once ends it once", async () => {
      await bed.signedIn();
      await Promise.all([bed.actions.signOut(), bed.actions.signOut()]);
      assert.equal(bed.revoked.length, 1);
      assert.deepEqual(sentences().sort(), [new Problem("notSignedIn").message, `${here} ${there}`].sort());
    });

    it("that cannot be stored is told, and ends nothing at the service", async () => {
      await bed.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      Object.assign(bed.secrets, { failingStores: 1 });
      await bed.actions.signOut();
      assert.deepEqual(sentences(), [new Problem("saveFailed").message]);
      assert.deepEqual([bed.revoked, mode(), bed.accounts.state.accounts.length], [[], "chatgpt", 1]);
    });

    it("of nobody says so", async () => {
      await bed.actions.signOut();
      assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
      assert.deepEqual(bed.revoked, []);
    });

    const lives: readonly ["linked" | "copied", string][] = [
      ["linked", `${here} The Codex CLI stays signed in.`],
      ["copied", `${here} The Codex CLI, whose login it was copied from, was left alone.`],
    ];
    for (const [origin, sentence] of lives) {
      it(`of a ${origin} login leaves the CLI's alone`, async () => {
        const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
        await bed.signedIn("plus@example.com", { origin, derivedKey });
        await bed.actions.signOut();
        assert.deepEqual(sentences(), [sentence]);
        assert.deepEqual(bed.revoked, []);
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
        const { tokens } = await bed.signedIn("plus@example.com", { handOver: { codexHome: folder(), replaced } });
        await until(() => bed.lines.some((line) => line.includes("is not settled")));
        await rm(file, { recursive: true });
        const refreshToken = whose === "ours" ? tokens.refreshToken : "rt.renewed";
        const names = { id_token: tokens.idToken, access_token: tokens.accessToken, refresh_token: refreshToken };
        const text = JSON.stringify({ auth_mode: "chatgpt", tokens: names });
        await writeFile(file, text);
        await bed.actions.signOut();
        assert.deepEqual(sentences(), [sentence]);
        assert.deepEqual(bed.revoked, whose === "ours" ? [tokens.refreshToken] : []);
        assert.equal(await readFile(file, "utf8"), whose === "ours" ? earlier : text);
      });
    }

    it("says that a derived key stays valid", async () => {
      const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
      await bed.signedIn("plus@example.com", { derivedKey });
      await bed.actions.signOut();
      assert.deepEqual(sentences(), [
        `${here} ${there} The API key that was made for you stays valid until you delete it at platform.openai.com.`,
      ]);
      assertNeverShown("derivedCanary");
    });
  });

  describe("refreshing", () => {
    it("renews the tokens and makes the key that was missing", async () => {
      const before = await bed.signedIn();
      await bed.actions.refresh();
      assert.deepEqual(sentences(), ["The ChatGPT credential was refreshed."]);
      const { credential } = bed.accounts.entry() ?? assert.fail();
      assert.equal(credential.sequence, 1);
      assert.notEqual(credential.tokens.refreshToken, before.tokens.refreshToken);
      assert.equal(credential.derivedKey.status, "present");
    });

    it("reads who is signed in first, when nobody has yet", async () => {
      await bed.signedIn();
      const other = await createEditorBed(issuer, { secrets: bed.secrets, directory: bed.directory });
      await other.actions.refresh();
      assert.deepEqual(sentences(), ["The ChatGPT credential was refreshed."]);
    });

    it("that fails is told, and loses nothing", async () => {
      const before = await bed.signedIn();
      issuer.faults.set("token", { kind: "serverError" });
      await bed.actions.refresh();
      assert.deepEqual(sentences(), [new Problem("serviceFailed").message]);
      assert.equal(bed.accounts.entry()?.credential.tokens.refreshToken, before.tokens.refreshToken);
    });

    it("of nobody says so", async () => {
      await bed.actions.refresh();
      assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
    });
  });

  describe("making the derived key again", () => {
    it("stores it", async () => {
      await bed.signedIn();
      await bed.actions.retryDerivedKey();
      assert.equal(bed.accounts.state.active?.derivedKey.status, "present");
      assert.deepEqual(sentences(), []);
    });

    it("renews first when the id_token has expired", async () => {
      issuer.setLifetimes({ idToken: 1 });
      try {
        const { tokens } = await bed.signedIn();
        issuer.setLifetimes({ idToken: 3600 });
        await until(() => bed.deriver.needsFreshIdToken(bed.accounts.entry() ?? assert.fail()));
        await bed.actions.retryDerivedKey();
        const { credential } = bed.accounts.entry() ?? assert.fail();
        assert.notEqual(credential.tokens.idToken, tokens.idToken);
        assert.equal(credential.derivedKey.status, "present");
      } finally {
        issuer.setLifetimes({ idToken: 3600 });
      }
    });
  });

  it("say what they are busy with, and that they are done, whatever came of it", async () => {
    const busy: unknown[] = [];
    bed.actions.onDidChange(() => busy.push(bed.actions.busy));
    bed.codexExport.run = async () => {
      throw new WordedProblem("The file could not be written.");
    };
    await bed.actions.exportToCodex();
    assert.deepEqual([busy[0], busy.at(-1)], ["codex", undefined]);
    assert.deepEqual(sentences(), ["The file could not be written."]);
    await bed.actions.refresh();
    assert.equal(bed.actions.problem, new Problem("notSignedIn").message);
    assert.equal(bed.actions.busy, undefined);
  });

  it("go on when a listener throws", async () => {
    let heard = 0;
    bed.actions.onDidChange(() => {
      throw new Error("canary-text of a listener");
    });
    bed.actions.onDidChange(() => {
      heard += 1;
    });
    await bed.signedIn();
    await bed.actions.refresh();
    assert.deepEqual(sentences(), ["The ChatGPT credential was refreshed."]);
    assert.equal(heard, 2);
    assert.ok(bed.lines.some((line) => line.startsWith("A listener of the actions failed: ")));
    assert.ok(!bed.lines.join("\n").includes("canary-text"));
  });

  it("say of what nobody foresaw only that it happened", async () => {
    bed.codexExport.run = async () => {
      throw new Error("canary-text [click](command:evil)");
    };
    await bed.actions.exportToCodex();
    assert.deepEqual(sentences(), [unexpected]);
    assert.ok(!bed.lines.join("\n").includes("canary-text"));
  });

  it("switch to another account, and not to one that is not there", async () => {
    const team = await bed.signedIn("team@example.com");
    await bed.signedIn();
    await bed.actions.switchAccount(team.id);
    assert.equal(bed.accounts.state.active?.email, "team@example.com");
    await bed.actions.switchAccount("0123456789abcdef");
    assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
    assert.equal(bed.accounts.state.active?.email, "team@example.com");
  });

  it("switch the mode, and tell when the setting cannot be written", async () => {
    await bed.actions.setAuthMode("chatgpt");
    assert.equal(mode(), "chatgpt");
    state.settingFailure = new Error("read-only");
    await bed.actions.setAuthMode("apiKey");
    assert.match(sentences().join(), /^VS Code couldn't save the setting “chatgptSignIn\.authMode”\./);
    assert.equal(mode(), "chatgpt");
  });

  it("sign in when that was chosen instead of an import", async () => {
    bed.codexImport.run = async () => "signIn";
    await bed.actions.importFromCodex();
    assert.equal(bed.accounts.state.active?.email, "plus@example.com");
    assert.deepEqual(sentences(), ["You are signed in with ChatGPT."]);
  });

  it("do not sign in after an import that failed", async () => {
    bed.codexImport.run = async () => {
      throw new Problem("workspaceNotAllowed");
    };
    await bed.actions.importFromCodex();
    await settle();
    assert.deepEqual([state.opened, bed.signIn.running], [[], undefined]);
    assert.deepEqual(sentences(), [new Problem("workspaceNotAllowed").message]);
  });

  it("take the environment's key over when asked to, and say so when there is none", async () => {
    const { OPENAI_API_KEY: before } = process.env;
    try {
      delete process.env.OPENAI_API_KEY;
      await bed.actions.adoptEnvironmentKey();
      assert.deepEqual(sentences(), [new Problem("noEnvironmentKey").message]);
      process.env.OPENAI_API_KEY = "sk-ownKeyOfThePerson1234";
      await bed.actions.adoptEnvironmentKey();
      assert.deepEqual([bed.ownKey.current?.key, bed.ownKey.current?.checked], ["sk-ownKeyOfThePerson1234", true]);
      assert.equal(sentences().at(-1), "The API key works and is stored.");
    } finally {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    }
  });

  it("open the Platform of the account that is signed in, and nothing for nobody", async () => {
    await bed.actions.openPlatform();
    assert.deepEqual(state.opened, []);
    await bed.signedIn();
    await bed.actions.openPlatform();
    assert.deepEqual(state.opened, ["https://platform.openai.com/"]);
  });
});
