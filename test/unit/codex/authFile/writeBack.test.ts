import assert from "node:assert/strict";
import { link, lstat, mkdir, open, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileSystemCalls } from "../../../../src/codex/authFile/temporaryFile.ts";
import { writeBackTokens } from "../../../../src/codex/authFile/write.ts";
import { writeProblem } from "../../../../src/codex/problems.ts";
import { canary, current, tokens } from "./authTexts.ts";
import { old, readOf, update, useAuthFile } from "./writeFixture.ts";

describe("writing auth.json back after a refresh", () => {
  const { folder, path, text, mode } = useAuthFile();

  it("exchanges the tokens and the time, keeps the rest to the letter, and leaves 0600", async () => {
    const odd = `{"future" : 1.50,  "big":12345678901234567890, "é":"\\u00e9",\r\n\t${old.slice(1)}`;
    await writeFile(path(), odd, { mode: 0o644 });
    const result = await writeBackTokens(await readOf(path()), update);
    assert.equal(result.status, "written");
    const expected = odd
      .replace(tokens.id_token, update.idToken)
      .replace(tokens.access_token, update.accessToken)
      .replace(canary.refresh, update.refreshToken)
      .replace(current.last_refresh, "2026-09-21T14:13:20.000Z");
    assert.equal(await text(), expected);
    assert.equal(await mode(), 0o600);
    assert.deepEqual(await readdir(folder()), ["auth.json"]);
    assert.ok(result.status === "written" && result.fingerprint === (await readOf(path())).fingerprint);
  });

  it("adds last_refresh in the file's own line ends where there was none", async () => {
    await writeFile(path(), JSON.stringify({ tokens }, null, 2).replaceAll("\n", "\r\n"));
    assert.equal((await writeBackTokens(await readOf(path()), update)).status, "written");
    assert.match(await text(), /},\r\n {2}"last_refresh": "2026-09-21T14:13:20\.000Z"\r\n}$/);
    assert.doesNotMatch(await text(), /[^\r]\n/);
  });

  it("keeps what did not come", async () => {
    await writeFile(path(), old);
    await writeBackTokens(await readOf(path()), { accessToken: update.accessToken, refreshedAt: update.refreshedAt });
    assert.equal(JSON.parse(await text()).tokens.refresh_token, canary.refresh);
  });

  it("refuses when the file has changed since it was read, or is gone", async () => {
    await writeFile(path(), old);
    const read = await readOf(path());
    await writeFile(path(), `${old}\n`);
    assert.deepEqual(await writeBackTokens(read, update), { status: "changed" });
    assert.equal(await text(), `${old}\n`);
    await rename(path(), join(folder(), "elsewhere"));
    assert.deepEqual(await writeBackTokens(read, update), { status: "changed" });
    assert.deepEqual(await readdir(folder()), ["elsewhere"]);
  });

  it("refuses when the file changes while the new one is being written", async () => {
    await writeFile(path(), old);
    const read = await readOf(path());
    const calls: FileSystemCalls = {
      open: async (...args) => {
        await writeFile(path(), "by the CLI");
        return open(...args);
      },
      rename,
      link,
    };
    assert.deepEqual(await writeBackTokens(read, update, calls), { status: "changed" });
    assert.equal(await text(), "by the CLI");
    assert.deepEqual(await readdir(folder()), ["auth.json"]);
  });

  it("writes nothing into what is no ChatGPT login", async () => {
    for (const content of [
      "",
      "{}",
      JSON.stringify({ OPENAI_API_KEY: canary.key }),
      `{"tokens":null,${old.slice(1)}`,
    ]) {
      await writeFile(path(), content);
      assert.deepEqual(await writeBackTokens(await readOf(path()), update), { status: "notALogin" });
      assert.equal(await text(), content);
    }
  });

  it("follows symbolic links to the real file and leaves them in place", async () => {
    await mkdir(join(folder(), "real"));
    await writeFile(join(folder(), "real", "file.json"), old);
    await symlink(join("real", "file.json"), join(folder(), "between"));
    await symlink("between", path());
    assert.equal((await writeBackTokens(await readOf(path()), update)).status, "written");
    assert.ok((await lstat(path())).isSymbolicLink());
    assert.equal(JSON.parse(await text(join(folder(), "real", "file.json"))).tokens.refresh_token, "rt.new");
    assert.deepEqual(await readdir(join(folder(), "real")), ["file.json"]);
  });

  it("has a sentence with a next step for each failure", () => {
    for (const failure of ["changed", "failed", "exists"] as const) {
      assert.match(writeProblem(failure).message, /(left unchanged|not overwritten)\. (Try again|Check)/);
    }
  });
});
