import assert from "node:assert/strict";
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProblemCode } from "../../../../src/shared/problem.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import { credentialOf } from "../fixture.ts";
import { earlier, heldOf, useHandOffFixture } from "./fixture.ts";

describe("handing a sign-in off to the Codex CLI", function () {
  this.timeout(40_000);
  const {
    folder,
    home,
    file,
    issuer,
    tokensInFile,
    signedIn,
    over,
    backups,
    writeEarlier,
    assertEarlier,
    assertOurs,
    isLive,
  } = useHandOffFixture();

  describe("that holds this very login", () => {
    for (const behaviour of ["refreshes", "greets", "thenRewrites"]) {
      it(`gives it away, without a key, and keeps the earlier file (${behaviour})`, async () => {
        await writeEarlier();
        const window = await signedIn(behaviour);
        const { id, derivedKey, ...rest } = heldOf(window);
        const { refreshToken } = rest.tokens;
        await window.accounts.store({
          ...rest,
          id,
          derivedKey: { status: "present", key: "sk-derived-0123456789", createdAt: 1 },
        });
        const backup = await over(window);
        assert.equal(await readFile(backup ?? "", "utf8"), earlier);
        const text = await readFile(file(), "utf8");
        assert.equal(JSON.parse(text).OPENAI_API_KEY ?? null, null);
        assert.ok(!text.includes("sk-"), text);
        assert.equal(JSON.parse(text).tokens.refresh_token, refreshToken);
        const { origin, tokens, link, handOff: left } = credentialOf(window);
        assert.deepEqual([origin, tokens.refreshToken, left], ["linked", undefined, undefined]);
        assert.deepEqual(link, { codexHome: home(), store: "file", refreshHere: false });
        assert.ok(![...(window.secrets as MemorySecrets).values.values()].join().includes(refreshToken));
      });
    }

    it("adopts what the Codex CLI has made of it meanwhile", async () => {
      const reuse = issuer().recordsOf("reuseDetected").length;
      for (const behaviour of ["thenRefreshes", "thenRefreshesAndDies", "thenRefreshesAndHangs"]) {
        await rm(home(), { recursive: true });
        await mkdir(home());
        await writeEarlier();
        const window = await signedIn(behaviour);
        const before = heldOf(window);
        await over(window);
        const inFile = await tokensInFile();
        assert.notEqual(inFile.refresh_token, before.tokens.refreshToken);
        assert.ok(isLive(inFile.refresh_token));
        const now = credentialOf(window);
        assert.deepEqual([now.origin, now.tokens.accessToken], ["linked", inFile.access_token], behaviour);
        await window.codex.dispose();
      }
      assert.equal(issuer().recordsOf("reuseDetected").length, reuse);
    });

    it("is linked in the keyring when the Codex CLI has moved it there", async () => {
      const window = await signedIn("thenKeepsInKeyring");
      const { accessToken } = credentialOf(window).tokens;
      await over(window);
      const { origin, link, tokens } = credentialOf(window);
      assert.deepEqual([origin, link?.store, tokens.accessToken], ["linked", "keyring", accessToken]);
    });
  });

  const refusals: readonly (readonly [string, ProblemCode])[] = [
    ["thenHangs", "codexHung"],
    ["thenDies", "codexDied"],
    ["thenIsTooOld", "codexTooOld"],
    ["thenRefuses", "codexRefused"],
    ["thenTalksRubbish", "codexOtherProgram"],
    ["thenIsAnother", "handOffNotTaken"],
    ["thenUsesAKey", "handOffNotTaken"],
    ["thenIsSignedOut", "handOffNotTaken"],
    ["thenLogsOut", "handOffNotTaken"],
    ["thenLogsOutAndLies", "handOffNotTaken"],
    ["thenKeepsAnOlderOne", "handOffNotTaken"],
    ["thenKeepsAnothers", "handOffNotTaken"],
    ["thenWritesAnotherForm", "handOffNotTaken"],
    ["thenUsesAKeyBesideIt", "handOffNotTaken"],
  ];
  for (const [behaviour, code] of refusals) {
    it(`puts the earlier file back, and the sign-in stays ours, with a Codex CLI that ${behaviour}`, async () => {
      await writeEarlier();
      const window = await signedIn(behaviour);
      const before = heldOf(window);
      await assert.rejects(over(window), { name: "Problem", code });
      await assertEarlier();
      await assertOurs(window, before);
    });
  }

  it("leaves no file where there was none", async () => {
    for (const behaviour of ["thenIsAnother", "thenLogsOut"]) {
      await rm(join(home(), "statuses"), { force: true });
      const window = await signedIn(behaviour);
      const before = heldOf(window);
      await assert.rejects(over(window), { code: "handOffNotTaken" });
      assert.deepEqual(await readdir(home()), ["statuses"]);
      await assertOurs(window, before);
    }
  });

  for (const dangling of [false, true]) {
    it(`leaves a symbolic link as it was (${dangling ? "to no file" : "to the earlier file"})`, async () => {
      const target = join(folder(), "dotfiles", "login.json");
      await mkdir(join(folder(), "dotfiles"));
      await symlink(target, file());
      if (!dangling) await writeEarlier();
      const window = await signedIn("thenIsAnother");
      const before = heldOf(window);
      await assert.rejects(over(window), { code: "handOffNotTaken" });
      assert.equal(await readlink(file()), target);
      if (!dangling) await assertEarlier();
      assert.deepEqual(await readdir(join(folder(), "dotfiles")), dangling ? [] : ["login.json"]);
      assert.deepEqual(await backups(), []);
      await assertOurs(window, before);
    });
  }

  for (const [behaviour, put] of [
    ["thenIsSwitched", /switched-by-somebody-else/],
    ["thenIsSwitchedToAnOlderOne", /rt\.of-an-old-copy/],
  ] as const) {
    it(`leaves what somebody else has put there meanwhile, and the backup (${behaviour})`, async () => {
      await writeEarlier();
      const window = await signedIn(behaviour);
      const before = heldOf(window);
      await assert.rejects(over(window), { code: "handOffChangedWithBackup" });
      assert.match(await readFile(file(), "utf8"), put);
      assert.equal((await backups()).length, 1);
      await assertOurs(window, before);
    });
  }

  it("is followed afterwards: a refresh is the Codex CLI's", async () => {
    const window = await signedIn("refreshes");
    const { id, tokens } = credentialOf(window);
    assert.equal(await over(window), undefined);
    assert.equal((await tokensInFile()).refresh_token, tokens.refreshToken);
    assert.equal(window.accounts.entry()?.account.origin, "linked");
    assert.equal(window.accounts.entry()?.account.id, id);
    await window.refresher.refresh(credentialOf(window));
    assert.equal((await tokensInFile()).access_token, credentialOf(window).tokens.accessToken);
    assert.equal(await readFile(join(home(), "asked"), "utf8"), "refresh\n");
  });

  it("begins when nobody is refreshing the account, in whatever window", async () => {
    const window = await signedIn("refreshes");
    const held = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const handOffAsked = Promise.withResolvers<void>();
    const began: string[] = [];
    const { id } = credentialOf(window);
    const refreshing = window.lock.hold(id, () => {
      held.resolve();
      return done.promise;
    });
    await held.promise;
    const store = window.accounts.store.bind(window.accounts);
    window.accounts.store = (credential) => {
      began.push("the hand-off");
      handOffAsked.resolve();
      return store(credential);
    };
    const hold = window.lock.hold.bind(window.lock);
    window.lock.hold = (name, work) => {
      if (name === id) handOffAsked.resolve();
      return hold(name, work);
    };
    const handingOff = over(window);
    await handOffAsked.promise;
    began.push("the refresh's end");
    done.resolve();
    await Promise.all([refreshing, handingOff]);
    assert.equal(began[0], "the refresh's end");
  });

  it("stays ours when there is a file that nobody agreed to replace", async () => {
    const window = await signedIn("refreshes");
    await writeFile(file(), "{}");
    const request = { id: credentialOf(window).id, codexHome: home(), replace: undefined };
    await assert.rejects(window.codex.handOff(request), { code: "authFileExists" });
    assert.equal(window.accounts.entry()?.account.origin, "own");
    assert.equal(credentialOf(window).handOff, undefined);
    assert.equal(await readFile(file(), "utf8"), "{}");
  });
});
