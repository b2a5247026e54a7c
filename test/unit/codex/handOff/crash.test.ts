import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readAuthFile } from "../../../../src/codex/authFile/read.ts";
import { MemorySecrets } from "../../../support/memorySecrets.ts";
import type { TestServices } from "../../../support/services.ts";
import { eventually } from "../../../support/timing.ts";
import { credentialOf } from "../fixture.ts";
import { FailingSecrets, heldOf, useHandOffFixture } from "./fixture.ts";

describe("a hand-off to the Codex CLI", function () {
  this.timeout(40_000);
  const { home, file, issuer, openWindow, tokensInFile, signedIn, over, writeEarlier, assertEarlier, isLive } =
    useHandOffFixture();

  describe("cut off by a crash", () => {
    for (const [behaviour, had] of [
      ["refreshes", true],
      ["refreshes", false],
      ["thenRefreshes", true],
      ["thenLogsOut", true],
      ["thenIsAnother", false],
    ] as const) {
      it(`at any step has one owner afterwards (${behaviour}, ${had ? "over an earlier" : "without a"} file)`, async () => {
        if (had) await writeEarlier();
        const secrets = new FailingSecrets();
        const moments: Moment[] = [];
        const window = await signedIn(behaviour, secrets);
        const { refreshToken } = heldOf(window).tokens;
        secrets.around = async () => {
          moments.push(await look(secrets));
        };
        await over(window).catch(() => undefined);
        await window.codex.dispose();
        secrets.around = async () => undefined;
        assert.ok(moments.length >= 4, String(moments.length));
        // Between the file and the record, too: what is in the secrets before each change, with the files after it.
        const crashed = [
          ...moments,
          ...moments.slice(1).map((moment, index) => ({ ...moment, secrets: moments[index]?.secrets ?? new Map() })),
        ];
        for (const moment of crashed) {
          const later = await openWindow("lazy", await goBackTo(moment));
          await eventually(() => assert.equal(credentialOf(later).handOff, undefined));
          await assertOneOwner(later, refreshToken, had);
          await later.codex.dispose();
        }
      });
    }

    it("uses no refresh token while it is not known who owns the login, and goes on when it is", async () => {
      await writeEarlier();
      const window = await signedIn("refreshes");
      const before = heldOf(window);
      await rm(file());
      await mkdir(file());
      const refreshes = issuer().recordsOf("refresh").length;
      await window.accounts.store({ ...before, handOff: { codexHome: home() } });
      await assert.rejects(window.refresher.refresh(credentialOf(window)), { code: "codexFileUnusable" });
      assert.equal(issuer().recordsOf("refresh").length, refreshes);
      await rm(file(), { recursive: true });
      await window.refresher.refresh(credentialOf(window));
      assert.equal(issuer().recordsOf("refresh").length, refreshes + 1);
      assert.equal(credentialOf(window).handOff, undefined);
    });
  });

  interface Moment {
    readonly secrets: ReadonlyMap<string, string>;
    readonly files: ReadonlyMap<string, { content: Buffer; mode: number }>;
  }

  /** The sign-in is ours, and the file is the earlier one; or it is the Codex CLI's, and the file has it. */
  async function assertOneOwner(window: TestServices, refreshToken: string, had: boolean): Promise<void> {
    const { origin, tokens } = credentialOf(window);
    const inFile = (await readAuthFile(file())).status === "read" ? (await tokensInFile())?.refresh_token : undefined;
    if (origin === "own") {
      assert.equal(tokens.refreshToken, refreshToken);
      assert.notEqual(inFile, refreshToken);
      if (had) await assertEarlier();
      else assert.equal(inFile, undefined);
    } else {
      assert.equal(tokens.refreshToken, undefined);
      assert.ok(isLive(inFile), "the file's login is dead");
    }
  }

  /** Restores the files of a moment. Resolves with its secrets. */
  async function goBackTo(moment: Moment): Promise<MemorySecrets> {
    await rm(home(), { recursive: true });
    await mkdir(home());
    for (const [name, { content, mode }] of moment.files) {
      await writeFile(join(home(), name), content);
      await chmod(join(home(), name), mode);
    }
    const kept = new MemorySecrets();
    for (const [key, value] of moment.secrets) kept.values.set(key, value);
    return kept;
  }

  async function look(secrets: MemorySecrets): Promise<Moment> {
    const files = new Map<string, { content: Buffer; mode: number }>();
    for (const name of await readdir(home())) {
      const path = join(home(), name);
      files.set(name, { content: await readFile(path), mode: (await stat(path)).mode & 0o777 });
    }
    return { secrets: new Map(secrets.values), files };
  }
});
