import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DerivedKey } from "../../../src/account/credential.ts";
import { fingerprintOf } from "../../../src/codex/authFile/read.ts";
import { AccountActions } from "../../../src/editor/accountActions.ts";
import { KnownAccounts } from "../../../src/editor/sessions/knownAccounts.ts";
import { Problem } from "../../../src/shared/problem.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { ManualClock } from "../../support/manualClock.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import {
  assertNeverShown,
  changeSetting,
  notified,
  sentences,
  settingOf,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../support/vscodeStub/stub.ts";
import { workspace } from "../../support/vscodeStub/vscode.ts";
import { temporaryFolder } from "../codex/authFile/temporaryFolder.ts";
import { createEditorFixture, type EditorFixture, useEditorFixture } from "./editorFixture.ts";
import { MemoryMemento } from "./sessions/sessionFixture.ts";

const mode = () => settingOf("chatgptSignIn.authMode");

describe("What a person does with an account", () => {
  const folder = temporaryFolder();
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  useEditorFixture((given, from) => {
    fixture = given;
    issuer = from;
  });

  describe("signing out", () => {
    const here = "You're signed out of ChatGPT on this computer.";
    const there = "The sign-in was also revoked at OpenAI.";
    /** Answers the question once it is asked. */
    const agree = () => willAnswer(/^Sign out of/, "Sign Out");
    beforeEach(agree);

    it("ends the sign-in here, then at the service, and goes back to the key", async () => {
      const { id, tokens } = await fixture.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      const order: string[] = [];
      fixture.accounts.onDidChange(({ accounts }) => order.push(`accounts ${accounts.length}`));
      state.configurationChanged.event(() => order.push(`mode ${mode()}`));
      const revoked = issuer.waitForRecord("revoke").then(() => order.push("revoked"));
      await fixture.run("signOut");
      await revoked;
      assert.deepEqual(order, ["mode apiKey", "accounts 0", "revoked"]);
      assert.deepEqual(notified(), [`${here} ${there}`]);
      assert.deepEqual(fixture.revoked, [tokens.refreshToken]);
      assert.equal((fixture.secrets as MemorySecrets).values.has(`credential.${id}`), false);
    });

    it("stands when the service cannot be reached, and tells the person", async () => {
      await fixture.signedIn();
      issuer.faults.set("revoke", { kind: "serverError" });
      await fixture.run("signOut");
      assert.deepEqual(notified(), [
        `${here} The sign-in couldn't be revoked at OpenAI yet and may still be valid there. This will be tried again later.`,
      ]);
      // VS Code shows all of a message that has a button, and one line of another.
      const { kind, buttons } = theMessage(/couldn't be revoked/);
      assert.deepEqual({ kind, buttons }, { kind: "warning", buttons: ["Show Log"] });
      assert.equal(fixture.activity.problem, undefined);
      assert.deepEqual(fixture.accounts.state.accounts, []);
      assert.ok(fixture.lines.some((line) => line.startsWith("The refresh token was not revoked: ")));
    });

    it("of one of two leaves the other and the mode", async () => {
      const first = await fixture.signedIn("team@example.com");
      await fixture.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await fixture.run({ type: "signOutAccount", id: first.id });
      assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
      assert.equal(mode(), "chatgpt");
      assert.match(notified()[0] ?? "", /^The account is signed out on this computer\. Your other/);
      assert.deepEqual(fixture.revoked, [first.tokens.refreshToken]);
    });

    it("twice at once ends it once", async () => {
      await fixture.signedIn();
      await Promise.all([fixture.run("signOut"), fixture.run("signOut")]);
      assert.equal(fixture.revoked.length, 1);
      assert.deepEqual(notified(), [`${here} ${there}`]);
    });

    it("that cannot be stored is told, and ends nothing at the service", async () => {
      await fixture.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      Object.assign(fixture.secrets, { failingStores: 1 });
      await fixture.run("signOut");
      assert.deepEqual(notified(), [new Problem("saveFailed").message]);
      assert.deepEqual([fixture.revoked, mode(), fixture.accounts.state.accounts.length], [[], "chatgpt", 1]);
    });

    it("works for the only account, although its record could not be read", async () => {
      const { id, tokens } = await fixture.signedIn();
      const { accounts } = fixture;
      Object.defineProperty(accounts, "state", {
        value: { accounts: [], active: undefined, notice: undefined, unread: [id] },
      });
      accounts.load = () => Promise.reject(new Problem("keyringFailed"));
      await fixture.run("signOut");
      assert.deepEqual(fixture.revoked, [tokens.refreshToken]);
    });

    it("waits for the setting by the clock that it was given", async () => {
      const clock = new ManualClock();
      const known = new KnownAccounts(new MemoryMemento());
      const actions = new AccountActions({ ...fixture, known, clock, endHandOff: async () => {} });
      const { id } = await fixture.signedIn();
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      const { getConfiguration } = workspace;
      const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const update = () => {
        begun.resolve();
        return end.promise;
      };
      workspace.getConfiguration = (section) => ({ ...getConfiguration(section), update });
      try {
        const signedOut = actions.signOut(id, { isConfirmed: true });
        await begun.promise;
        assert.equal(clock.pending, 1);
        await clock.advance(3_000);
        await signedOut;
      } finally {
        end.resolve();
        workspace.getConfiguration = getConfiguration;
      }
    });

    it("of nobody is a problem", async () => {
      await fixture.run("signOut");
      assert.deepEqual(notified(), [new Problem("notSignedIn").message]);
      assert.deepEqual(fixture.revoked, []);
    });

    const lives: readonly ["linked" | "copied", string][] = [
      ["linked", `${here} The Codex CLI stays signed in.`],
      ["copied", `${here} The Codex CLI's login is unchanged.`],
    ];
    for (const [origin, sentence] of lives) {
      it(`of a ${origin} login leaves the CLI's alone`, async () => {
        const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
        await fixture.signedIn("plus@example.com", { origin, derivedKey });
        await fixture.run("signOut");
        assert.deepEqual(notified(), [sentence]);
        assert.deepEqual(fixture.revoked, []);
      });
    }

    for (const [whose, sentence] of [
      ["ours", `${here} ${there}`],
      ["the CLI's, which has refreshed it", `${here} The Codex CLI stays signed in.`],
    ] as const) {
      it(`while a hand-off is not settled finds out first that the login is ${whose}`, async () => {
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
        const refreshToken = whose === "ours" ? tokens.refreshToken : "rt.refreshed";
        const names = { id_token: tokens.idToken, access_token: tokens.accessToken, refresh_token: refreshToken };
        const text = JSON.stringify({ auth_mode: "chatgpt", tokens: names });
        await writeFile(file, text);
        await fixture.run("signOut");
        assert.deepEqual(notified(), [sentence]);
        assert.deepEqual(fixture.revoked, whose === "ours" ? [tokens.refreshToken] : []);
        assert.equal(await readFile(file, "utf8"), whose === "ours" ? earlier : text);
      });
    }

    it("says that a derived key stays valid", async () => {
      const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
      await fixture.signedIn("plus@example.com", { derivedKey });
      await fixture.run("signOut");
      assert.deepEqual(notified(), [
        `${here} ${there} The account API key stays valid until you delete it at platform.openai.com.`,
      ]);
      assertNeverShown("derivedCanary");
    });
  });

  describe("refreshing", () => {
    it("refreshes the tokens and creates the key that was missing", async () => {
      const before = await fixture.signedIn();
      await fixture.run("refresh");
      assert.deepEqual(sentences(), ["ChatGPT credentials refreshed."]);
      const { credential } = fixture.accounts.entry() ?? assert.fail();
      assert.equal(credential.sequence, 1);
      assert.notEqual(credential.tokens.refreshToken, before.tokens.refreshToken);
      assert.equal(credential.derivedKey.status, "present");
    });

    it("keeps the key that there is", async () => {
      const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
      await fixture.signedIn("plus@example.com", { derivedKey });
      const before = issuer.recordsOf("tokenExchange").length;
      await fixture.run("refresh");
      assert.deepEqual(fixture.accounts.entry()?.credential.derivedKey, derivedKey);
      assert.deepEqual([fixture.accounts.entry()?.credential.sequence, sentences().length], [1, 1]);
      assert.equal(issuer.recordsOf("tokenExchange").length, before);
    });

    it("again does nothing for a minute, whatever the computer's clock says", async () => {
      const known = new KnownAccounts(new MemoryMemento());
      const clock = new ManualClock();
      const actions = new AccountActions({ ...fixture, known, clock, endHandOff: async () => {} });
      await fixture.signedIn();
      const sequences: (number | undefined)[] = [];
      for (const ms of [0, 0, 59_999, 1]) {
        await clock.advance(ms);
        clock.setWall(-1_000 * ms);
        await actions.refresh();
        sequences.push(fixture.accounts.entry()?.credential.sequence);
      }
      assert.deepEqual(sequences, [1, 1, 1, 2]);
    });

    it("again is done at once where the tokens are no good, or of another account", async () => {
      const team = await fixture.signedIn("team@example.com");
      await fixture.run("refresh");
      await fixture.signedIn();
      issuer.setLifetimes({ accessToken: 1 });
      try {
        await fixture.run("refresh");
      } finally {
        issuer.setLifetimes({ accessToken: 864_000 });
      }
      await until(() => fixture.source.isDue(fixture.accounts.entry() ?? assert.fail()));
      await fixture.run("refresh");
      const { id, sequence } = fixture.accounts.entry()?.credential ?? assert.fail();
      assert.deepEqual([sequence, fixture.accounts.entry(team.id)?.credential.sequence], [2, 1]);
      await fixture.accounts.update(id, (credential) => ({ ...credential, rejected: "revoked" }));
      await fixture.run("refresh");
      const told = sentences().filter((sentence) => sentence === new Problem("needsSignIn").message);
      assert.equal(told.length, 2, "of the account, and as the answer");
    });

    it("again is done at once where the person has signed in again", async () => {
      const { signedInAt } = await fixture.signedIn();
      await fixture.run("refresh");
      await fixture.signedIn("plus@example.com", { signedInAt: signedInAt + 1 });
      await fixture.run("refresh");
      const told = "ChatGPT credentials refreshed.";
      assert.deepEqual([sentences(), fixture.accounts.entry()?.credential.sequence], [[told, told], 1]);
    });

    it("reads who is signed in first, when nobody has yet", async () => {
      await fixture.signedIn();
      const other = await createEditorFixture(issuer, { secrets: fixture.secrets, directory: fixture.directory });
      await other.run("refresh");
      assert.deepEqual(sentences(), ["ChatGPT credentials refreshed."]);
    });

    it("that fails is told, and loses nothing", async () => {
      const before = await fixture.signedIn();
      issuer.faults.set("token", { kind: "serverError" });
      await fixture.run("refresh");
      assert.deepEqual(sentences(), [new Problem("serviceFailed").message]);
      assert.equal(fixture.accounts.entry()?.credential.tokens.refreshToken, before.tokens.refreshToken);
    });

    it("of nobody is a problem", async () => {
      await fixture.run("refresh");
      assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
    });
  });

  it("switch to another account, and not to one that is not there", async () => {
    const team = await fixture.signedIn("team@example.com");
    await fixture.signedIn();
    await fixture.run({ type: "useAccount", id: team.id });
    assert.equal(fixture.accounts.state.active?.email, "team@example.com");
    await fixture.run({ type: "useAccount", id: "0123456789abcdef" });
    assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
    assert.equal(fixture.accounts.state.active?.email, "team@example.com");
  });

  it("open the Platform of the account that is signed in, and nothing for nobody", async () => {
    await fixture.run("openPlatform");
    assert.deepEqual(state.opened, []);
    await fixture.signedIn();
    await fixture.run("openPlatform");
    assert.deepEqual(state.opened, ["https://platform.openai.com/"]);
  });
});
