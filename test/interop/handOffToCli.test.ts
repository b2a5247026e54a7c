import assert from "node:assert/strict";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readAuthFile } from "../../src/codex/authFile/read.ts";
import type { ProblemCode } from "../../src/shared/problem.ts";
import { ensureCodexCli } from "../support/codexCli.ts";
import { credentialOf } from "../unit/codex/fixture.ts";
import { type Keyring, startKeyring } from "./keyring.ts";
import { assertLoggedIn, sayHi, useSharedLogin } from "./sharedLogin.ts";

describe("a login shared with the real Codex CLI", function () {
  this.timeout(300_000);
  const { world, editor } = useSharedLogin();

  it("made here is handed off, passes the Codex CLI, and outlives 20 refreshes", async () => {
    const window = await editor.openWindow(world.environment);
    await window.signIn.run();
    const { id } = credentialOf(window);
    const over = { id, codexHome: world.home, replace: undefined };
    await window.codex.handOff(over);
    await assertLoggedIn(world.environment);
    await sayHi(world.environment);
    await editor.refreshManyTimes(window, world.environment);
  });

  describe("made here, that the Codex CLI would not keep,", () => {
    const earlier = '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-proj-of-the-person-0123456789"}\r\n';
    let keyring: Keyring | undefined;

    afterEach(async () => {
      await keyring?.stop();
      keyring = undefined;
    });

    /**
     * Hands off what cannot be handed off; afterwards all is as before, the sign-in works, and the Codex CLI is not in its way.
     */
    async function assertRefused(environment: Record<string, string>, code: ProblemCode, codexPath?: string) {
      await writeFile(world.authFile, earlier, { mode: 0o640 });
      const window = await editor.openWindow(environment, codexPath);
      await window.signIn.run();
      const before = credentialOf(window);
      const replace = await readAuthFile(world.authFile);
      assert.ok(replace.status === "read");
      const over = { id: before.id, codexHome: world.home, replace };
      await assert.rejects(window.codex.handOff(over), { code });
      assert.equal(await readFile(world.authFile, "utf8"), earlier);
      assert.equal((await stat(world.authFile)).mode & 0o777, 0o640);
      assert.deepEqual(credentialOf(window), before);
      await window.refresher.refresh(before);
      assert.equal(await world.accepts(credentialOf(window).tokens.accessToken), true);
      assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
    }

    /** The real CLI, with one more rule from its third start on: after it was asked what it would do. */
    async function withLaterRule(rule: string): Promise<string> {
      const { command, args } = ensureCodexCli();
      const program = join(world.home, "codex-later");
      const counter = join(world.home, "starts");
      const start = `"${command}" ${args.map((arg) => `"${arg}"`).join(" ")} "$@"`;
      const script = `#!/bin/sh\necho >> "${counter}"\n[ "$(wc -l < "${counter}")" -lt 3 ] && exec ${start}\nexec ${start} -c '${rule}'\n`;
      await writeFile(program, script, { mode: 0o700 });
      return program;
    }

    for (const [rule, code] of [
      ['forced_login_method = "api"', "handOffApiKeyOnly"],
      ['forced_chatgpt_workspace_id = "another-workspace"', "handOffOtherWorkspace"],
    ] as const) {
      it(`under ${rule}: nothing is written`, async () => {
        await writeFile(join(world.home, "config.toml"), `${rule}\n`);
        await assertRefused(world.environment, code);
      });

      it(`under ${rule}, told only when it has the login: the earlier file comes back`, async () => {
        const program = await withLaterRule(rule.replaceAll(" ", ""));
        await assertRefused(world.environment, "handOffNotTaken", program);
      });
    }

    it("under a config.toml with a mistake, whose rules it does not tell: nothing is written", async () => {
      await writeFile(join(world.home, "config.toml"), 'model = 5\nforced_login_method = "chatgpt"\n');
      await assertRefused(world.environment, "handOffNoRules");
    });

    it("with the store auto and a keyring: nothing is written", async () => {
      keyring = await startKeyring(join(world.home, "desktop"));
      await writeFile(join(world.home, "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      await assertRefused({ ...world.environment, ...keyring.environment }, "handOffOtherStore");
    });

    it("because it has another login in the keyring: the earlier file comes back", async () => {
      keyring = await startKeyring(join(world.home, "desktop"));
      const environment = { ...world.environment, ...keyring.environment };
      const config = join(world.home, "config.toml");
      await writeFile(config, 'cli_auth_credentials_store = "keyring"\n');
      await editor.codexLogin(environment);
      await rm(config);
      const program = await withLaterRule('cli_auth_credentials_store="auto"');
      await assertRefused(environment, "handOffNotTaken", program);
    });

    it("but does, where another model provider is configured", async () => {
      const provider = '[model_providers.local]\nname = "Local"\nbase_url = "http://127.0.0.1:9"\n';
      await writeFile(join(world.home, "config.toml"), `model_provider = "local"\n${provider}`);
      const window = await editor.openWindow(world.environment);
      await window.signIn.run();
      const over = { id: credentialOf(window).id, codexHome: world.home, replace: undefined };
      await window.codex.handOff(over);
      assert.equal(credentialOf(window).origin, "linked");
      const { accessToken } = credentialOf(window).tokens;
      await window.refresher.refresh(credentialOf(window));
      assert.notEqual(credentialOf(window).tokens.accessToken, accessToken);
    });
  });
});
