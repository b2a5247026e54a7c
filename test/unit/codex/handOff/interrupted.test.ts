import assert from "node:assert/strict";
import fileSystem, { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import type { Credential } from "../../../../src/account/credential.ts";
import type { TestServices } from "../../../support/services.ts";
import { eventually } from "../../../support/timing.ts";
import { credentialOf } from "../fixture.ts";
import { FailingSecrets, heldOf, issuedLater, loginOf, useHandOffFixture } from "./fixture.ts";

const { lstat } = fileSystem;

describe("handing a sign-in off to the Codex CLI,", function () {
  this.timeout(40_000);
  const { home, file, issuer, openWindow, signedIn, over, writeEarlier, assertEarlier, assertOurs, isLive } =
    useHandOffFixture();

  for (const had of [true, false]) {
    it(`is taken back when another program puts a copy in the new file's place (${had ? "over" : "without"} an earlier)`, async () => {
      if (had) await writeEarlier();
      const window = await signedIn("refreshes");
      const before = heldOf(window);
      let copied = false;
      fileSystem.lstat = (async (path: string) => {
        if (!copied && (await readFile(file(), "utf8").catch(() => "")).includes(before.tokens.refreshToken)) {
          copied = true;
          await copyFile(file(), join(home(), "copy"));
          await rename(join(home(), "copy"), file());
        }
        return lstat(path);
      }) as typeof lstat;
      syncBuiltinESMExports();
      await assert.rejects(over(window), { code: "authFileNotWritten" });
      assert.ok(copied);
      if (had) await assertEarlier();
      else assert.deepEqual(await readdir(home()), []);
      await assertOurs(window, before);
    });
  }

  it("is refused to a window that reads the record as it was before it was refreshed or handed off", async () => {
    for (const change of ["refreshed", "handed off"]) {
      const secrets = new FailingSecrets();
      const window = await signedIn("refreshes", secrets);
      // What it reads, no other window does.
      const itsSecrets = Object.assign(new FailingSecrets(), { values: secrets.values });
      const other = await openWindow("refreshes", itsSecrets, { directory: window.directory });
      const text = [...secrets.values.values()].find((value) => value.includes('"origin":"own"'));
      if (change === "refreshed") await window.refresher.refresh(credentialOf(window));
      else await over(window);
      const before = credentialOf(window);
      const files = await readdir(home());
      itsSecrets.older = text;
      await assert.rejects(over(other), { code: "staleWindow" });
      assert.equal(itsSecrets.older, undefined);
      assert.deepEqual(await readdir(home()), files);
      await window.accounts.reload();
      assert.deepEqual(credentialOf(window), before);
      await rm(file(), { force: true });
    }
  });

  it("puts the file back when the account is signed out meanwhile", async () => {
    await writeEarlier();
    const secrets = new FailingSecrets();
    const window = await signedIn("refreshes", secrets);
    const { id } = credentialOf(window);
    let removal: Promise<unknown> | undefined;
    secrets.around = async () => {
      removal ??= window.accounts.end(id);
    };
    await assert.rejects(over(window), { code: "notSignedIn" });
    await removal;
    await assertEarlier();
    assert.equal(window.accounts.entry(id), undefined);
  });

  it("puts the file back when the link cannot be stored", async () => {
    await writeEarlier();
    const secrets = new FailingSecrets();
    const window = await signedIn("refreshes", secrets);
    const before = heldOf(window);
    secrets.refuses = (value) => value.includes('"origin":"linked"');
    await assert.rejects(over(window), { code: "saveFailed" });
    await assertEarlier();
    await assertOurs(window, before);
  });

  it("keeps the refresh token where the link was stored although the keyring said otherwise, and the file cannot be put back", async () => {
    await writeEarlier();
    const secrets = new FailingSecrets();
    const window = await signedIn("refreshes", secrets);
    const before = heldOf(window);
    let text = "";
    secrets.after = async (value) => {
      if (text !== "" || !value.includes('"origin":"linked"')) return;
      text = await readFile(file(), "utf8");
      await rm(file());
      await mkdir(file());
      throw new Error("the keyring is locked");
    };
    await assert.rejects(over(window), { code: "codexFileUnusable" });
    const stored = () => JSON.parse(secrets.values.get(`credential.${before.id}`) ?? "") as Credential;
    assert.deepEqual([stored().origin, stored().tokens], ["own", before.tokens]);
    assert.ok(stored().handOff);
    await rm(file(), { recursive: true });
    await writeFile(file(), text);
    await window.codex.endHandOff(before.id);
    await assertEarlier();
    // Newer than the link, which other windows may have read.
    const { sequence } = credentialOf(window);
    assert.ok(sequence > before.sequence + 1);
    await assertOurs(window, { ...before, sequence });
  });

  for (const had of ["an earlier file", "no file", "a file with a newer login of the same account"]) {
    it(`is not lost by a window that was suspended until another had taken it back (${had})`, async () => {
      const secrets = new FailingSecrets();
      const window = await signedIn("refreshes", secrets);
      const before = heldOf(window);
      if (had === "an earlier file") await writeEarlier();
      const newer = loginOf(before, { refresh_token: "rt.of-the-cli", access_token: issuedLater(before, 60) });
      if (had.startsWith("a file")) await writeFile(file(), newer);
      let other: TestServices | undefined;
      secrets.before = async (value) => {
        if (other || !value.includes('"origin":"linked"')) return;
        // It has other locks, as if ours had been taken from us.
        other = await openWindow("lazy", secrets);
        const { accounts } = other;
        await eventually(() => assert.equal(accounts.entry()?.credential.handOff, undefined));
      };
      await assert.rejects(over(window), { code: "handOffNotTaken" });
      assert.ok(other);
      if (had === "an earlier file") await assertEarlier();
      else if (had === "no file") assert.deepEqual(await readdir(home()), []);
      else assert.equal(await readFile(file(), "utf8"), newer);
      // Newer than the link, for windows that have read it.
      const { sequence } = credentialOf(window);
      assert.ok(sequence > before.sequence + 1);
      await assertOurs(window, { ...before, sequence });
    });
  }

  for (const [older, index] of [
    ["before the hand-off", 0],
    ["during the hand-off", 1],
  ] as const) {
    it(`is neither used nor taken back by a window that reads the record as it was ${older}`, async () => {
      const secrets = new FailingSecrets();
      const window = await signedIn("refreshes", secrets);
      const { directory } = window;
      const other = await openWindow("refreshes", secrets, { directory });
      const texts = [...secrets.values.values()].filter((text) => text.includes('"origin":"own"'));
      secrets.before = async (value) => void texts.push(value);
      const before = heldOf(window);
      await over(window);
      const text = await readFile(file(), "utf8");
      const refreshes = issuer().recordsOf("refresh").length;
      secrets.older = texts[index];
      const { credential: now } = await other.refresher.refresh(credentialOf(other));
      assert.equal(secrets.older, undefined);
      assert.deepEqual([now.origin, now.handOff], ["linked", undefined]);
      assert.ok(texts[index]?.includes('"handOff"') === (index === 1));
      assert.equal(issuer().recordsOf("refresh").length, refreshes);
      assert.equal(await readFile(file(), "utf8"), text);
      assert.ok(isLive(before.tokens.refreshToken));
    });
  }
});
