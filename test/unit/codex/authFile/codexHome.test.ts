import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { authFilePath, findCodexHome, readCredentialsStore } from "../../../../src/codex/authFile/codexHome.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

describe("the home of the Codex CLI", () => {
  const folder = temporaryFolder();

  it("is .codex in the user's home, there or not, when CODEX_HOME is unset or empty", async () => {
    const path = join(folder(), ".codex");
    assert.deepEqual(await findCodexHome({}, folder()), { status: "absent", path });
    await mkdir(path);
    assert.deepEqual(await findCodexHome({ CODEX_HOME: "" }, folder()), { status: "found", path });
    assert.equal(authFilePath(path), join(path, "auth.json"));
  });

  it("is CODEX_HOME, without its symbolic links", async () => {
    await mkdir(join(folder(), "real"));
    await symlink("real", join(folder(), "link"));
    const home = await findCodexHome({ CODEX_HOME: join(folder(), "link") }, "/nowhere");
    assert.deepEqual(home, { status: "found", path: join(folder(), "real") });
  });

  it("is invalid when CODEX_HOME is missing, a file or relative", async () => {
    await writeFile(join(folder(), "file"), "");
    for (const CODEX_HOME of [join(folder(), "missing"), join(folder(), "file"), "."]) {
      assert.deepEqual(await findCodexHome({ CODEX_HOME }, folder()), { status: "invalid" });
    }
  });

  const configurations: readonly (readonly [string, string | undefined, string])[] = [
    ["no config.toml", undefined, "file"],
    ["an empty one", "", "file"],
    ["another setting", 'model = "gpt-5.5"\n[x]\ncli_auth_credentials_store = "keyring"\n', "file"],
    ["file", 'cli_auth_credentials_store = "file"', "file"],
    [
      "keyring among others",
      "# c\nmodel = \"a\"\r\ncli_auth_credentials_store = 'keyring' # d\r\n[tui]\nx=1",
      "keyring",
    ],
    ["auto behind a byte order mark", '\uFEFFcli_auth_credentials_store = "auto"', "auto"],
    ["ephemeral", 'cli_auth_credentials_store="ephemeral"', "ephemeral"],
    ["one of tomorrow", 'cli_auth_credentials_store = "vault"', "unknown"],
    ["a wrong type", "cli_auth_credentials_store = 1", "unknown"],
    ["a number beyond JavaScript's", 'x = 9223372036854775807\ncli_auth_credentials_store = "auto"', "auto"],
    ["not TOML", "{ nonsense", "unknown"],
    ["nested beyond reason", `x = ${"[".repeat(100_000)}`, "unknown"],
  ];
  for (const [name, text, expected] of configurations) {
    it(`keeps the login by config.toml, ${name}: ${expected}`, async () => {
      if (text !== undefined) await writeFile(join(folder(), "config.toml"), text);
      assert.equal(await readCredentialsStore(folder()), expected);
    });
  }
});
