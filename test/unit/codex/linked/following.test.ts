import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { IssuedTokens } from "../../../issuer/login.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import { eventually } from "../../../support/timing.ts";
import { hastyClock, useLinkedFixture } from "./fixture.ts";

describe("a login linked with the Codex CLI", function () {
  this.timeout(30_000);
  const fixture = useLinkedFixture();
  const { home, file, openWindow, signInAsCli, write, inFile, asked, current, refresh, link } = fixture;

  it("keeps no refresh token of the Codex CLI", async () => {
    const { refresh_token } = await link("refreshes");
    await refresh();
    const stored = JSON.stringify([...(fixture.services.secrets as MemorySecrets).values]);
    for (const secret of [refresh_token, (await inFile()).refresh_token]) assert.equal(stored.includes(secret), false);
    assert.equal(current().credential.tokens.refreshToken, undefined);
  });

  it("follows its file", async () => {
    await link("refreshes");
    const next = await signInAsCli();
    await write(next);
    await eventually(() => assert.equal(current().credential.tokens.accessToken, next.access_token));
    assert.equal(current().credential.sequence, 1);
    assert.equal(await asked(), 0);
  });

  it("follows what happened while no window was open", async () => {
    await link("refreshes");
    const { secrets } = fixture.services;
    await fixture.services.codex.dispose();
    const next = await signInAsCli();
    await write(next);
    const later = await openWindow("refreshes", { secrets });
    await eventually(() => assert.equal(current(later).credential.tokens.accessToken, next.access_token));
  });

  describe("whose file has gone, with the store auto,", () => {
    /** A window that follows a login whose file the Codex CLI takes away, and then answers in this way. */
    async function linkedWith(behaviour: string): Promise<IssuedTokens> {
      await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      const tokens = await link(behaviour);
      assert.equal(current().credential.link?.store, "file");
      return tokens;
    }

    it("is followed into the keyring, where the Codex CLI has put it when it refreshed it", async () => {
      const { access_token } = await linkedWith("thenKeepsInKeyring");
      const { secrets, directory } = fixture.services;
      const other = await openWindow("thenKeepsInKeyring", { secrets, directory });
      await refresh();
      assert.notEqual(current().credential.tokens.accessToken, access_token);
      for (const window of [fixture.services, other]) {
        await eventually(() => assert.equal(current(window).credential.link?.store, "keyring"));
      }
      for (const window of [fixture.services, other]) await window.codex.dispose();
      assert.deepEqual([current().account.rejected, current(other).account.rejected], [undefined, undefined]);
      assert.ok(!(await readdir(home())).includes("auth.json"));
    });

    for (const [behaviour, what] of [
      ["refreshes", "it is signed out"],
      ["thenKeepsAnothers", "it is signed in as somebody else"],
    ] as const) {
      it(`is no longer accepted when the Codex CLI says that ${what}`, async () => {
        await linkedWith(behaviour);
        await rm(file());
        await eventually(() => assert.equal(current().account.rejected, "revoked"));
      });
    }

    it("is kept when the Codex CLI cannot say where it is", async () => {
      await linkedWith("thenDies");
      await rm(file());
      await eventually(() => assert.ok(fixture.services.lines.some((line) => line.includes("could not be followed"))));
      assert.equal(current().account.rejected, undefined);
    });
  });

  it("is kept when the Codex CLI hangs as it is asked for the login, which ends before others may ask", async () => {
    await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "auto"\n');
    await link("refreshes");
    const { secrets } = fixture.services;
    await fixture.services.codex.dispose();
    await writeFile(join(home(), "statuses"), "asked\n");
    const window = await openWindow("thenHangs", { secrets, clock: hastyClock });
    const server = await window.codex.cli.at(home());
    await rm(file());
    await eventually(() => assert.ok(window.lines.some((line) => line.includes("could not be followed"))), 10_000);
    const soon = new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await Promise.race([server.settled().then(() => "settled"), soon]), "settled");
    assert.equal(current(window).account.rejected, undefined);
  });

  describe("that the Codex CLI gives up", () => {
    it("by signing out is no longer accepted, and is again when it returns", async () => {
      const tokens = await link("refreshes");
      await rm(file());
      await eventually(() => assert.equal(current().account.rejected, "revoked"));
      await write(tokens);
      await eventually(() => assert.equal(current().account.rejected, undefined));
      assert.equal(current().credential.tokens.accessToken, tokens.access_token);
    });

    it("for another account is not followed there", async () => {
      const before = await link("refreshes");
      await write(await signInAsCli("team@example.com"));
      await eventually(() => assert.equal(current().account.rejected, "revoked"));
      assert.equal(current().credential.tokens.accessToken, before.access_token);
      assert.equal(fixture.services.accounts.state.accounts.length, 1);
    });

    for (const by of ["its file", "the CLI"]) {
      it(`for another account, as ${by} tells a refresh, is followed again when it changes back`, async () => {
        const before = await link("refreshes");
        const { secrets } = fixture.services;
        const { cli } = fixture.services.codex;
        await fixture.services.codex.dispose();
        const others = await signInAsCli("team@example.com");
        if (by === "its file") await write(others);
        else {
          // The switch comes after the file was looked at.
          const at = cli.at.bind(cli);
          cli.at = async (...args) => {
            await write(others);
            return at(...args);
          };
        }
        await assert.rejects(refresh(), { code: "accountMismatch" });
        assert.equal(current().account.rejected, "revoked");
        await write(before);
        const later = await openWindow("refreshes", { secrets });
        await eventually(() => assert.equal(current(later).account.rejected, undefined));
        assert.equal(current(later).credential.tokens.accessToken, before.access_token);
      });
    }

    it("is kept through a moment in which the file makes no sense", async () => {
      const before = await link("refreshes");
      await writeFile(file(), "<html>");
      const next = await signInAsCli();
      await write(next);
      await eventually(() => assert.equal(current().credential.tokens.accessToken, next.access_token));
      assert.notEqual(next.access_token, before.access_token);
      assert.equal(current().account.rejected, undefined);
    });
  });
});
