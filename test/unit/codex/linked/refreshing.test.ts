import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CodexLink } from "../../../../src/account/credential.ts";
import { credentialOf, readLoginOf } from "../../../../src/codex/login.ts";
import { eventually } from "../../../support/timing.ts";
import { hastyClock, useLinkedFixture } from "./fixture.ts";

describe("a login linked with the Codex CLI", function () {
  this.timeout(30_000);
  const fixture = useLinkedFixture();
  const { home, issuer, openWindow, signInAsCli, write, inFile, asked, current, refresh, link } = fixture;

  it("asks the Codex CLI to refresh it, and takes what the Codex CLI wrote", async () => {
    const before = await link("refreshes");
    const entry = await refresh();
    const written = await inFile();
    assert.notEqual(written.access_token, before.access_token);
    assert.equal(entry.credential.tokens.accessToken, written.access_token);
    assert.equal(entry.credential.tokens.idToken, written.id_token);
    assert.equal(await asked(), 1);
  });

  it("does not ask when the file has newer tokens already", async () => {
    await link("refreshes");
    const seen = current().credential;
    await fixture.services.codex.dispose();
    const next = await signInAsCli();
    await write(next);
    const entry = await fixture.services.refresher.refresh(seen);
    assert.equal(entry.credential.tokens.accessToken, next.access_token);
    assert.equal(await asked(), 0);
  });

  it("is refreshed once by several windows and callers together, without reuse", async () => {
    await link("refreshes");
    const { secrets, directory } = fixture.services;
    const reuse = issuer().recordsOf("reuseDetected").length;
    const others = await Promise.all([1, 2].map(() => openWindow("refreshes", { secrets, directory })));
    const seen = current().credential;
    const entries = await Promise.all(
      [fixture.services, fixture.services, ...others].map((window) => window.refresher.refresh(seen)),
    );
    assert.equal(new Set(entries.map(({ credential }) => credential.tokens.accessToken)).size, 1);
    assert.equal(await asked(), 1);
    assert.equal(issuer().recordsOf("reuseDetected").length, reuse);
  });

  it("fails with a problem when the Codex CLI did not refresh it, and stays signed in", async () => {
    await link("lazy");
    await assert.rejects(refresh(), { code: "linkedNotRefreshed" });
    assert.equal(current().account.rejected, undefined);
  });

  it("needs a sign-in when the Codex CLI does", async () => {
    await link("needsSignIn");
    await assert.rejects(refresh(), { code: "needsSignIn" });
    assert.equal(current().account.rejected, "rejected");
    const next = await signInAsCli();
    await write(next);
    await eventually(() => assert.equal(current().account.rejected, undefined));
  });

  for (const [behaviour, store, what] of [
    ["hang", "file", "when it is to refresh its login"],
    ["thenHangs", "keyring", "when it is asked for its login"],
  ] as const) {
    it(`ends in a clear message when the Codex CLI hangs ${what}, and the lock is held until it is gone`, async () => {
      const tokens = await signInAsCli();
      await write(tokens);
      fixture.services = await openWindow(behaviour, { clock: hastyClock });
      const login = await readLoginOf(fixture.services.codex.cli);
      const to: CodexLink = { codexHome: home(), store, refreshHere: false };
      await fixture.services.accounts.storeSignIn(credentialOf(login.file, to, issuer().origin, Date.now()));
      await writeFile(join(home(), "statuses"), "asked\n");
      await assert.rejects(refresh(), { code: "codexHung" });
      let gone = false;
      const server = await fixture.services.codex.cli.at(home());
      void server.settled().then(() => {
        gone = true;
      });
      await fixture.services.lock.hold("codex-cli", async () => assert.equal(gone, true));
      assert.deepEqual(await inFile(), tokens);
    });
  }

  it("says which program is missing", async () => {
    await link("none");
    await assert.rejects(refresh(), { code: "codexNotFound" });
    assert.equal(current().account.rejected, undefined);
  });

  describe("in the keyring", () => {
    it("is read and refreshed through the Codex CLI", async () => {
      const before = await link("keyring", { store: "keyring" });
      assert.equal(current().account.email, "plus@example.com");
      assert.equal(current().credential.tokens.accessToken, before.access_token);
      const { credential } = await refresh();
      const kept = JSON.parse(await readFile(join(home(), "keyring.json"), "utf8")).tokens;
      assert.equal(credential.tokens.accessToken, kept.access_token);
      assert.notEqual(kept.access_token, before.access_token);
    });

    it("has not ended because the Codex CLI looks in another place, with a mistake in its config.toml", async () => {
      await link("keyring", { store: "keyring" });
      const { secrets } = fixture.services;
      const mistaken = await openWindow("failsAtConfiguration", { secrets });
      await assert.rejects(refresh(mistaken), { code: "linkedLoginNotFound", message: /config\.toml/ });
      assert.equal(current(mistaken).account.rejected, undefined);
      const corrected = await openWindow("refreshes", { secrets });
      await assert.rejects(refresh(corrected), { code: "needsSignIn" });
    });

    it("is not refreshed when the Codex CLI has newer tokens already", async () => {
      await link("keyring", { store: "keyring" });
      const next = await signInAsCli();
      await write(next, join(home(), "keyring.json"));
      assert.equal((await refresh()).credential.tokens.accessToken, next.access_token);
      assert.equal(await asked(), 0);
    });
  });
});
