import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fileSystem, { chmod, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";
import type { HeldCredential } from "../../../../src/account/credential.ts";
import { readAuthFile } from "../../../../src/codex/authFile/read.ts";
import { type ReplacedFile, replacedFile } from "../../../../src/codex/authFile/write.ts";
import { handOff } from "../../../../src/codex/handOff/handOff.ts";
import { settleHandOff } from "../../../../src/codex/handOff/settle.ts";
import type { Lock } from "../../../../src/platform/lock.ts";
import { isProblem } from "../../../../src/shared/problem.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import type { TestServices } from "../../../support/services.ts";
import { eventually } from "../../../support/timing.ts";
import { credentialOf } from "../fixture.ts";
import { earlier, heldOf, issuedLater, loginOf, useHandOffFixture } from "./fixture.ts";

const { lstat } = fileSystem;

describe("a hand-off to the Codex CLI", function () {
  this.timeout(40_000);
  const { home, file, issuer, openWindow, clock, signedIn, over, writeEarlier, assertEarlier, assertOurs } =
    useHandOffFixture();

  describe("that was not settled", () => {
    /** A window whose record has an unsettled hand-off. */
    async function unsettled(replaced?: NonNullable<HeldCredential["handOff"]>["replaced"]) {
      const window = await signedIn("refreshes");
      const before = heldOf(window);
      await window.accounts.store({ ...before, handOff: { codexHome: home(), ...(replaced && { replaced }) } });
      return { window, before };
    }
    const settle = (window: TestServices) => window.codex.linkedLogins.settleHandOff(heldOf(window));

    for (const at of [0, 1, 200]) {
      it(`is not decided by a file of which only ${at} characters are written yet`, async () => {
        const { window, before } = await unsettled();
        const { refreshToken } = before.tokens;
        const { tokens } = await window.tokenEndpoint(issuer().origin).refresh(refreshToken);
        const text = loginOf({ ...before, tokens: { ...before.tokens, ...tokens } });
        await writeFile(file(), text.slice(0, at));
        const refreshes = issuer().recordsOf("refresh").length;
        const isHalfWritten = (error: unknown) => isProblem(error, "authFileEmpty", "authFileNotJson");
        await assert.rejects(settle(window), isHalfWritten);
        await assert.rejects(window.refresher.refresh(credentialOf(window)), isHalfWritten);
        assert.equal(await readFile(file(), "utf8"), text.slice(0, at));
        assert.equal(issuer().recordsOf("refresh").length, refreshes);
        const settling = settle(window);
        await writeFile(file(), text);
        await settling;
        assert.deepEqual([credentialOf(window).origin, credentialOf(window).handOff], ["linked", undefined]);
      });
    }

    it("is not decided by a half-written file, and tells of the backup that is beside it", async () => {
      await writeEarlier();
      const read = await readAuthFile(file());
      assert.ok(read.status === "read");
      const { window } = await unsettled(await replacedFile(read, Date.now()));
      await writeFile(file(), "");
      await assert.rejects(settle(window), { code: "handOffNotRestoredWithBackup" });
    });

    /** Leaves what a process that was killed while it wrote a file has left. */
    async function leaveTemporary(name: string, before: HeldCredential): Promise<void> {
      const { pid } = spawnSync(process.execPath, ["--version"]);
      await writeFile(join(home(), `.${name}.chatgpt-sign-in-${pid}abcdefabcdef`), loginOf(before), { mode: 0o600 });
    }

    /** Writes the earlier file and its backup. */
    async function replaceEarlier(): Promise<ReplacedFile> {
      await writeEarlier();
      const read = await readAuthFile(file());
      const replaced = read.status === "read" && (await replacedFile(read, 0));
      assert.ok(replaced);
      await writeFile(replaced.backup, earlier);
      return replaced;
    }

    for (const [present, prepare] of [
      ["nothing", async () => undefined],
      ["the earlier file", replaceEarlier],
      ["somebody else's file", () => writeFile(file(), '{"OPENAI_API_KEY":"sk-of-somebody-else"}')],
    ] as const) {
      it(`leaves no login beside the file that a killed window was writing, when ${present} is there`, async () => {
        const replaced = (await prepare()) ?? undefined;
        const { window, before } = await unsettled(replaced);
        await leaveTemporary("auth.json", before);
        if (replaced) await leaveTemporary(basename(replaced.backup), before);
        await settle(window);
        assert.deepEqual(await readdir(home()), present === "nothing" ? [] : ["auth.json"]);
        await assertOurs(window, before);
      });
    }

    for (const [times, what] of [
      [2, "is taken back in spite of it"],
      [3, "is left for later"],
    ] as const) {
      it(`and that the Codex CLI writes again, ${times} times while it is taken back, ${what}`, async () => {
        const { window, before } = await unsettled();
        await writeFile(file(), loginOf(before));
        let looks = 0;
        fileSystem.lstat = (async (path: string) => {
          // Each try first looks for what a killed window has left, and then for the file that it read.
          if (path === file() && ++looks % 2 === 0 && looks <= 2 * times) {
            await writeFile(file(), loginOf(before) + " ".repeat(looks));
          }
          return lstat(path);
        }) as typeof lstat;
        syncBuiltinESMExports();
        if (times === 2) {
          await settle(window);
          assert.deepEqual(await readdir(home()), []);
        } else {
          await assert.rejects(settle(window), { code: "handOffNotRestored" });
          assert.ok(credentialOf(window).handOff);
          await settle(window);
        }
        assert.equal(looks, times === 2 ? 6 : 8);
        await assertOurs(window, before);
      });
    }

    it("stays ours when an older login of the same account is put there: that is not ours refreshed", async () => {
      const { window, before } = await unsettled();
      const text = loginOf(before, { refresh_token: "rt.of-an-old-copy", access_token: issuedLater(before, -60) });
      await writeFile(file(), text);
      await settle(window);
      await assertOurs(window, before);
      assert.equal(await readFile(file(), "utf8"), text);
    });

    it("stays ours over an earlier file with a newer login of the same account: nothing was written yet", async () => {
      const window = await signedIn("refreshes");
      const before = heldOf(window);
      const text = loginOf(before, { refresh_token: "rt.of-the-cli", access_token: issuedLater(before, 60) });
      await writeFile(file(), text);
      const read = await readAuthFile(file());
      const replaced = read.status === "read" && (await replacedFile(read, 0));
      assert.ok(replaced);
      await window.accounts.store({ ...before, handOff: { codexHome: home(), replaced } });
      await settle(window);
      await assertOurs(window, before);
      assert.equal(await readFile(file(), "utf8"), text);
    });

    it("is ended before another begins: what it has replaced is not forgotten", async () => {
      await writeEarlier();
      const window = await signedIn("refreshes");
      const before = heldOf(window);
      const read = await readAuthFile(file());
      const replaced = read.status === "read" && (await replacedFile(read, 0));
      assert.ok(replaced);
      await window.accounts.store({ ...before, handOff: { codexHome: home(), replaced } });
      await chmod(file(), 0o600);
      await rename(file(), replaced.backup);
      await writeFile(file(), loginOf(before));
      await assert.rejects(over(window), { code: "authFileChanged" });
      await assertEarlier();
      await assertOurs(window, before);
    });

    it("is left to another window by one that closes while it waits for the lock", async () => {
      const { window, before } = await unsettled();
      const { directory } = window;
      let later = window;
      let closing: Promise<void> | undefined;
      await window.lock.hold(before.id, async () => {
        later = await openWindow("refreshes", window.secrets as MemorySecrets, { directory });
        closing = later.codex.dispose();
      });
      await closing;
      assert.ok(credentialOf(later).handOff);
      await window.codex.endHandOff(before.id);
      await assertOurs(window, before);
    });

    it("is ended before a sign-out by a window that did not know of it", async () => {
      const window = await signedIn("refreshes");
      const other = await openWindow("refreshes", window.secrets as MemorySecrets);
      const before = heldOf(window);
      await window.accounts.store({ ...before, handOff: { codexHome: home() } });
      await writeFile(file(), loginOf(before));
      assert.equal(credentialOf(other).handOff, undefined);
      await other.codex.endHandOff(before.id);
      assert.deepEqual(await readdir(home()), []);
      await assertOurs(other, before);
    });

    for (const present of ["nothing", "our login"]) {
      it(`is over where the backup has gone and ${present} is there`, async () => {
        const backup = join(home(), "auth.json.backup-20261126T000000000Z");
        const attributes = { mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
        const { window, before } = await unsettled({ fingerprint: "of-a-file-that-was", attributes, backup });
        if (present === "our login") await writeFile(file(), loginOf(before));
        await settle(window);
        await assertOurs(window, before);
        assert.deepEqual(await readdir(home()), []);
      });
    }
  });

  it("that is over waits for nobody who asks the Codex CLI", async () => {
    const window = await signedIn("refreshes");
    const before = heldOf(window);
    const { lock, wanted } = watchedLock(window);
    await settleHandOff({ accounts: window.accounts, lock, clock }, before);
    assert.deepEqual(wanted, []);
    await assertOurs(window, before);
  });

  it("that is over is not taken back for an older value of its record", async () => {
    const window = await signedIn("refreshes");
    const before = heldOf(window);
    await over(window);
    const [linked, text] = [credentialOf(window), await readFile(file(), "utf8")];
    await window.codex.linkedLogins.settleHandOff({ ...before, handOff: { codexHome: home() } });
    assert.deepEqual([credentialOf(window), await readFile(file(), "utf8")], [linked, text]);
  });

  it("neither begins nor is settled while another window asks the Codex CLI to refresh its login", async () => {
    const window = await signedIn("refreshes");
    const before = heldOf(window);
    const other = await openWindow("refreshes", window.secrets as MemorySecrets, { directory: window.directory });
    const release = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const holding = other.lock.hold("codex-cli", async () => {
      taken.resolve();
      await release.promise;
    });
    await taken.promise;
    let isOver = false;
    const { lock, wanted } = watchedLock(window);
    const what = { id: before.id, codexHome: home(), replace: undefined };
    const handing = handOff({ accounts: window.accounts, cli: window.codex.cli, lock, clock }, what).finally(() => {
      isOver = true;
    });
    await eventually(() => assert.deepEqual(wanted, [before.id, "codex-cli"]));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual([isOver, credentialOf(window), await readdir(home())], [false, before, []]);
    release.resolve();
    await Promise.all([holding, handing]);
    assert.equal(credentialOf(window).origin, "linked");

    const again = Promise.withResolvers<void>();
    const unsettled = { ...before, handOff: { codexHome: home() } };
    let isSettled = false;
    let settling: Promise<unknown> | undefined;
    await window.refreshNotes.remove(before);
    await other.lock.hold("codex-cli", async () => {
      settling = window.codex.linkedLogins.settleHandOff(unsettled).finally(() => {
        isSettled = true;
        again.resolve();
      });
      await Promise.race([again.promise, new Promise((resolve) => setTimeout(resolve, 500))]);
      assert.equal(isSettled, false);
    });
    await settling;
  });
});

/** The locks of a window, and the names of those that were wanted, in order. */
function watchedLock(window: TestServices): { lock: Lock; wanted: string[] } {
  const wanted: string[] = [];
  const lock: Lock = {
    hold(name, ...rest) {
      wanted.push(name);
      return window.lock.hold(name, ...rest);
    },
  };
  return { lock, wanted };
}
