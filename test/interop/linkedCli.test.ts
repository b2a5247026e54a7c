import assert from "node:assert/strict";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, patience } from "../support/timing.ts";
import { credentialOf } from "../unit/codex/fixture.ts";
import { type Keyring, startKeyring } from "./keyring.ts";
import { assertLoggedIn, useSharedLogin } from "./sharedLogin.ts";

describe("a login shared with the real Codex CLI", function () {
  this.timeout(300_000);
  const { world, editor } = useSharedLogin();

  it("made by `codex login` is linked, and outlives 20 refreshes", async () => {
    await editor.codexLogin(world.environment);
    const window = await editor.openWindow(world.environment);
    await editor.link(window, "file");
    await editor.refreshManyTimes(window, world.environment);
  });

  it("in a file, that the Codex CLI moves into the keyring when it refreshes it, is followed there", async () => {
    const keyring = await startKeyring(join(world.home, "desktop"));
    try {
      const environment = { ...world.environment, ...keyring.environment };
      await editor.codexLogin(environment);
      await writeFile(join(world.home, "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      const window = await editor.openWindow(environment);
      await editor.link(window, "file");
      for (let round = 0; round < 2; round++) {
        const seen = credentialOf(window);
        await window.refresher.refresh(seen);
        assert.notEqual(credentialOf(window).tokens.accessToken, seen.tokens.accessToken);
        await assert.rejects(access(world.authFile));
        await eventually(() => assert.equal(credentialOf(window).link?.store, "keyring"), patience);
        assert.equal(credentialOf(window).rejected, undefined);
      }
      assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
      await assertLoggedIn(environment);
    } finally {
      await keyring.stop();
    }
  });

  describe("in the system's keyring", () => {
    let keyring: Keyring;
    let environment: Record<string, string>;

    beforeEach(async () => {
      keyring = await startKeyring(join(world.home, "desktop"));
      environment = { ...world.environment, ...keyring.environment };
      await writeFile(join(world.home, "config.toml"), 'cli_auth_credentials_store = "keyring"\n');
    });
    afterEach(async () => keyring.stop());

    it("is linked, and outlives 20 refreshes", async () => {
      await editor.codexLogin(environment);
      await assert.rejects(access(world.authFile));
      const window = await editor.openWindow(environment);
      await editor.link(window, "keyring");
      await editor.refreshManyTimes(window, environment);
      await assert.rejects(access(world.authFile));
    });
  });

  describe("with a Codex CLI that", () => {
    const fake = join(import.meta.dirname, "..", "unit", "codex", "appServer", "fakeCodex.ts");
    const cases = [
      ["hangs", "hang", "codexHung"],
      ["hangs when asked", "hangAfterInitialize", "codexHung"],
      ["dies", "die", "codexDied"],
      ["is too old for the call", "methodNotFound", "codexTooOld"],
      ["is too old for all of it", "usageError", "codexTooOld"],
      ["prints rubbish", "rubbishAfterInitialize", "codexOtherProgram"],
      ["is another program that says something", "rubbish", "codexOtherProgram"],
      ["is another program that ends", "/bin/cat", "codexDied"],
      ["is no program", "/nowhere/codex", "codexPathNotExecutable"],
    ] as const;

    it("is bad in any way: a clear message, and nothing is lost", async () => {
      await world.signInWithCli();
      const text = await readFile(world.authFile, "utf8");
      const folder = join(world.home, "bad");
      await mkdir(folder);
      await Promise.all(
        cases.map(async ([what, behaviour, code]) => {
          const program = join(folder, behaviour.replaceAll("/", "-"));
          const report = `${program}.report`;
          await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${fake}" ${behaviour} "${report}" "$@"\n`, {
            mode: 0o700,
          });
          const window = await editor.openWindow(world.environment, behaviour.startsWith("/") ? behaviour : program);
          await editor.link(window, "file");
          const before = credentialOf(window);
          await assert.rejects(window.refresher.refresh(before), { code }, what);
          assert.deepEqual(credentialOf(window), before, what);
        }),
      );
      assert.equal(await readFile(world.authFile, "utf8"), text);
      const window = await editor.openWindow(world.environment);
      await editor.link(window, "file");
      await window.refresher.refresh(credentialOf(window));
      assert.deepEqual(world.issuer.recordsOf("reuseDetected"), []);
    });
  });
});
