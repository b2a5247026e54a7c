import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LinkedCredential } from "../../../src/account/credential.ts";
import type { AuthFileRead } from "../../../src/codex/authFile/read.ts";
import { afterReading } from "../../../src/codex/followedRecord.ts";
import { credentialOf, readLoginFromText, readLoginOf } from "../../../src/codex/login.ts";
import { jwt } from "./authFile/authTexts.ts";
import { useLinkedFixture } from "./linked/fixture.ts";

describe("a login of the Codex CLI", function () {
  this.timeout(30_000);
  const fixture = useLinkedFixture();
  const { home, issuer, openWindow, signInAsCli, write, refresh } = fixture;

  describe("with the store auto", () => {
    /** The store that is found with a login in the file and, for a Codex CLI that uses it, one in the keyring. */
    async function storeOf(behaviour: string, inKeyring: object | undefined): Promise<[string | undefined, string]> {
      await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      if (inKeyring) await writeFile(join(home(), "keyring.json"), JSON.stringify(inKeyring));
      const { file: login, link: found } = await readLoginOf((await openWindow(behaviour)).codex.cli);
      return [found?.store, login.tokens?.accessToken ?? ""];
    }

    it("is the one in the keyring, not an old file that was left beside it", async () => {
      const tokens = await signInAsCli();
      await write(await signInAsCli());
      assert.deepEqual(await storeOf("keyring", { tokens }), ["keyring", tokens.access_token]);
    });

    for (const [behaviour, when] of [
      ["refreshes", "the CLI uses it"],
      ["keyring", "the CLI has none in the keyring"],
      ["none", "there is no CLI to ask"],
    ] as const) {
      it(`is the file where ${when}`, async () => {
        const tokens = await signInAsCli();
        await write(tokens);
        assert.deepEqual(await storeOf(behaviour, undefined), ["file", tokens.access_token]);
      });
    }
  });

  it("says that there is no ChatGPT login, which is true with an API key in the keyring too", async () => {
    await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "keyring"\n');
    await writeFile(join(home(), "statuses"), "asked\n");
    for (const behaviour of ["thenUsesAKey", "thenIsSignedOut"]) {
      const { cli } = (await openWindow(behaviour)).codex;
      await assert.rejects(readLoginOf(cli), { code: "codexSignedOut", message: /signed in with ChatGPT/ });
    }
  });

  it("says in words what cannot be imported", async () => {
    const window = await openWindow("none");
    await assert.rejects(readLoginOf(window.codex.cli), { code: "authFileMissing" });
    assert.throws(() => readLoginFromText("<html>"), { code: "authFileHtml" });
    await rm(home(), { recursive: true });
    await assert.rejects(readLoginOf(window.codex.cli), { code: "authFileMissing" });
  });

  describe("whose tokens name nobody", () => {
    const auth = "https://api.openai.com/auth";
    const nameless = [{}, { sub: "user-1" }, { [auth]: { chatgpt_account_id: "acc-1" } }, { email: "", name: "Ada" }];
    const link = { codexHome: "/nowhere", store: "file", refreshHere: false } as const;
    const textOf = (claims: object, refresh_token = "rt.1") =>
      JSON.stringify({ tokens: { id_token: jwt(claims), access_token: "opaque", refresh_token } });

    for (const claims of nameless) {
      it(`signs nobody in: ${JSON.stringify(claims)}`, () => {
        const { file } = readLoginFromText(textOf(claims));
        for (const linked of [undefined, link]) {
          assert.throws(() => credentialOf(file, linked, "https://issuer.test", 1), { code: "authFileNamesNobody" });
        }
      });
    }

    it("ends no linked account whose file they are written to", () => {
      const named = readLoginFromText(textOf({ email: "ada@example.com" })).file;
      const credential = credentialOf(named, link, "https://issuer.test", 1) as LinkedCredential;
      for (const claims of nameless) {
        const bytes = Buffer.from(textOf(claims, "rt.2"));
        const read = { status: "read", text: bytes.toString() } as AuthFileRead;
        assert.equal(afterReading(credential, read, 2), credential);
      }
    });
  });

  it("that was copied has the refresh token, and is refreshed here", async () => {
    const tokens = await signInAsCli();
    const pretty = JSON.stringify({ tokens, last_refresh: "2026-11-20T20:41:36.232376Z" }, null, 2);
    const login = readLoginFromText(pretty.replaceAll("\n", ""));
    assert.equal(login.link, undefined);
    fixture.services = await openWindow("none");
    await fixture.services.accounts.storeSignIn(credentialOf(login.file, undefined, issuer().origin, Date.now()));
    const { credential } = await refresh();
    assert.equal(credential.origin, "copied");
    assert.notEqual(credential.tokens.refreshToken, tokens.refresh_token);
  });
});
