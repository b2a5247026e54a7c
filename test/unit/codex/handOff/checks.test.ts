import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accountIdOf, claimsOf } from "../../../../src/account/credential.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { signInByHttp } from "../../../issuer/login.ts";
import { linkedCredential } from "../../../support/accountFixture.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import { credentialOf } from "../fixture.ts";
import { heldOf, useHandOffFixture } from "./fixture.ts";

describe("handing a sign-in off to the Codex CLI,", function () {
  this.timeout(40_000);
  const { home, issuer, openWindow, signedIn, over, writeEarlier, assertEarlier, assertOurs } = useHandOffFixture();

  describe("is refused before anything is written, with the setting's name, under", () => {
    const rules: readonly (readonly [string, RegExp])[] = [
      ['forced_login_method = "api"', /forced_login_method/],
      ['forced_login_method = "something new"', /forced_login_method/],
      ['forced_chatgpt_workspace_id = "another"', /forced_chatgpt_workspace_id/],
      ['forced_chatgpt_workspace_id = ["another", "third"]', /forced_chatgpt_workspace_id/],
      ["forced_chatgpt_workspace_id = 7", /forced_chatgpt_workspace_id/],
      ['cli_auth_credentials_store = "auto"', /cli_auth_credentials_store/],
      ['cli_auth_credentials_store = "keyring"', /cli_auth_credentials_store/],
      ['cli_auth_credentials_store = "ephemeral"', /cli_auth_credentials_store/],
      ['cli_auth_credentials_store = "somewhere new"', /^(?!.*couldn't be read).*cli_auth_credentials_store/],
      ["this is not TOML", /config\.toml/],
    ];
    for (const [config, sentence] of rules) {
      it(config, async () => {
        await writeEarlier();
        await writeFile(join(home(), "config.toml"), `model = "x"\n${config}\n`);
        const window = await signedIn("refreshes");
        const before = heldOf(window);
        await assert.rejects(over(window), { name: "Problem", message: sentence });
        await assertEarlier();
        assert.deepEqual((await readdir(home())).sort(), ["auth.json", "config.toml"]);
        await assertOurs(window, before);
      });
    }

    it("a config.toml that is no file", async () => {
      await writeEarlier();
      const window = await signedIn("refreshes");
      const before = heldOf(window);
      const config = join(home(), "config.toml");
      for (const make of [
        () => mkdir(config),
        async () => execFileSync("mkfifo", [config]),
        () => symlink(config, config),
      ]) {
        await make();
        await assert.rejects(over(window), /config\.toml/);
        await assertEarlier();
        assert.deepEqual(credentialOf(window), before);
        await rm(config, { recursive: true });
      }
    });

    it("a configuration that only the Codex CLI knows of", async () => {
      for (const config of [
        { forced_login_method: "api" },
        { forced_chatgpt_workspace_id: ["another"] },
        { cli_auth_credentials_store: "auto" },
      ]) {
        await writeEarlier();
        await writeFile(join(home(), "config-in-force.json"), JSON.stringify(config));
        const window = await signedIn("refreshes");
        const before = heldOf(window);
        await assert.rejects(over(window), new RegExp(Object.keys(config)[0] ?? ""));
        await assertEarlier();
        await assertOurs(window, before);
      }
    });
  });

  it("is refused before anything is written where the Codex CLI does not tell which rules hold", async () => {
    await writeEarlier();
    const sentence = /didn't report its settings.*config\.toml.*Let Codex CLI Sign In/;
    for (const behaviour of ["failsAtConfiguration", "tellsNoConfiguration"]) {
      const window = await signedIn(behaviour);
      const before = heldOf(window);
      let changes = 0;
      window.accounts.onDidChange(() => {
        changes += 1;
      });
      await assert.rejects(over(window), { name: "Problem", message: sentence });
      assert.equal(changes, 0);
      await assertEarlier();
      await assertOurs(window, before);
    }
  });

  it("is not refused under a policy that allows it", async () => {
    const window = await signedIn("refreshes");
    const workspace = window.accounts.entry()?.account.workspaceId;
    const config = `forced_login_method = "chatgpt"\nforced_chatgpt_workspace_id = ["x", "${workspace}"]\n`;
    await writeFile(join(home(), "config.toml"), `${config}cli_auth_credentials_store = "file"\n`);
    await over(window);
    assert.equal(credentialOf(window).origin, "linked");
  });

  it("is refused where the Codex CLI uses another login than that of its file, or is not installed", async () => {
    await writeEarlier();
    const tokens = await signInByHttp(issuer().origin, "plus@example.com");
    await writeFile(join(home(), "keyring.json"), JSON.stringify({ tokens }));
    const window = await signedIn("keyring");
    const before = heldOf(window);
    await assert.rejects(over(window), { code: "handOffOtherLogin" });
    const without = await openWindow("none", window.secrets as MemorySecrets);
    await assert.rejects(over(without), { code: "codexNotFound" });
    await assertEarlier();
    await assertOurs(window, before);
  });

  it("is refused for a sign-in that is not accepted any more, and for what is linked already", async () => {
    const window = await signedIn("refreshes");
    await window.accounts.store({ ...credentialOf(window), rejected: "revoked" });
    await assert.rejects(over(window), { code: "needsSignIn" });
    await window.accounts.store(linkedCredential(heldOf(window)));
    await assert.rejects(over(window), (error) => error instanceof Problem && error.code === "notSignedIn");
    assert.deepEqual(await readdir(home()), []);
  });

  it("is refused for a sign-in of another issuer, whose token the Codex CLI would send to OpenAI", async () => {
    await writeEarlier();
    const window = await signedIn("refreshes");
    for (const address of ["https://login.example.com", "https://auth.openai.com.example.com", "odd"]) {
      await window.accounts.store({ ...credentialOf(window), issuer: address });
      await assert.rejects(over(window), { code: "handOffOtherIssuer" }, address);
      await assertEarlier();
      assert.equal(credentialOf(window).handOff, undefined);
    }
  });

  it("is refused for a sign-in that names no ChatGPT workspace: the Codex CLI would never refresh it", async () => {
    const window = await signedIn("refreshes");
    const before = heldOf(window);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const nameless = `${encode({ alg: "none" })}.${encode({ email: "nobody@example.com", exp: 4e9 })}.c2ln`;
    const tokens = { ...before.tokens, idToken: nameless, accessToken: nameless };
    const id = accountIdOf(before.issuer, claimsOf(tokens));
    await window.accounts.storeSignIn({ ...before, id, tokens });
    await assert.rejects(over(window), { code: "handOffNoWorkspace" });
    assert.deepEqual([await readdir(home()), credentialOf(window).handOff], [[], undefined]);
  });
});
