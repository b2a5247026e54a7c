import assert from "node:assert/strict";
import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { useLinkedFixture } from "./linked/fixture.ts";

describe("the Codex CLI", function () {
  this.timeout(30_000);
  const { folder, home, issuer, openWindow, signInAsCli, write, link } = useLinkedFixture();

  it("does not start the Codex CLI in an open folder, which may name programs to run, unless it is the Codex CLI's own", async () => {
    await link("refreshes");
    const strange = join(folder(), "repository");
    await mkdir(strange);
    const inside = {
      codex: { userHome: folder(), environment: {}, codexPath: () => "", workspaceFolders: () => [folder()] },
    };
    const window = await openWindow("refreshes", inside);
    assert.equal(await window.codex.cli.mayUseHome(strange), false);
    await assert.rejects(window.codex.cli.at(strange), { code: "loginInsideWorkspace" });
    assert.equal(await window.codex.cli.mayUseHome(home()), true);
    assert.equal(await window.codex.cli.mayUseHome("/elsewhere"), true);
  });

  it("asks the Codex CLI for the login in its folder, not for one in the environment, and names no folder that is not there", async () => {
    const { cli: at } = (await openWindow("refreshes")).codex;
    assert.equal(await at.accessToken(home()), undefined);
    const tokens = await signInAsCli();
    await write(tokens);
    const codex = {
      userHome: folder(),
      environment: { HOME: folder(), PATH: "/nowhere", CODEX_ACCESS_TOKEN: "of-somebody-else" },
      codexPath: () => join(folder(), "codex-refreshes"),
    };
    const { cli } = (await openWindow("refreshes", { codex })).codex;
    assert.equal(await cli.accessToken(home()), tokens.access_token);
    await rm(home(), { recursive: true });
    assert.equal(await at.accessToken(home()), undefined);
  });

  it("asks for a login only while nobody else makes the Codex CLI refresh it, which would use its token twice", async () => {
    await write(await signInAsCli());
    const { codex, lock } = await openWindow("refreshes");
    const order: string[] = [];
    const others = lock.hold("codex-cli", async () => {
      const asked = codex.cli.accessToken(home()).then(() => order.push("asked"));
      for (let questions = 0; questions < 3; questions += 1) {
        assert.equal((await (await codex.cli.at(home())).accessTokenFromCli()).ok, true);
      }
      order.push("others are done");
      return { asked };
    });
    await (await others).asked;
    assert.deepEqual(order, ["others are done", "asked"]);
  });

  it("starts no program of an open folder in which the Codex CLI's script would run, found on PATH", async () => {
    const program = join(folder(), "codex-script");
    const fake = JSON.stringify(join(import.meta.dirname, "fakeCli.ts"));
    await writeFile(
      program,
      `#!/usr/bin/env node\nprocess.argv.splice(2, 0, "refreshes", "${issuer().origin}");\nimport(${fake});\n`,
      { mode: 0o700 },
    );
    const [strange, own] = [join(folder(), "repository"), join(folder(), "bin")];
    for (const place of [strange, own]) await mkdir(place);
    await writeFile(join(strange, "node"), `#!/bin/sh\ntouch "${join(folder(), "started")}"\n`, { mode: 0o700 });
    await symlink(process.execPath, join(own, "node"));
    const tokens = await signInAsCli();
    await write(tokens);
    let open: string[] = [];
    const environment = { HOME: folder(), PATH: [strange, own].join(":") };
    const codex = { userHome: folder(), environment, codexPath: () => program, workspaceFolders: () => open };
    const { cli } = (await openWindow("refreshes", { codex })).codex;
    open = [strange];
    assert.equal(await cli.accessToken(home()), tokens.access_token);
    assert.ok(!(await readdir(folder())).includes("started"));
    // A folder that is opened later counts too.
    open = [];
    await assert.rejects(cli.accessToken(home()));
    open = [strange];
    assert.equal(await cli.accessToken(home()), tokens.access_token);
  });
});
