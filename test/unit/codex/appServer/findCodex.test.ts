import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { environmentToStart, type FindCodexOptions, findCodex } from "../../../../src/codex/appServer/findCodex.ts";
import { notFoundProblem } from "../../../../src/codex/problems.ts";
import { temporaryFolder } from "../authFile/temporaryFolder.ts";

describe("finding the Codex CLI", () => {
  const folder = temporaryFolder();
  const at = (...parts: string[]) => join(folder(), ...parts);

  async function program(path: string, mode = 0o755): Promise<string> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "", { mode });
    return path;
  }

  const find = (change: Partial<FindCodexOptions>, ...path: string[]) =>
    findCodex({
      environment: { PATH: path.join(":") },
      workspaceFolders: [at("workspace")],
      platform: "linux",
      ...change,
    });
  const found = (command: string, ...args: string[]) => ({ status: "found", codex: { command, args } });

  it("takes the first on PATH that can be started", async () => {
    await program(at("plain", "codex"), 0o644);
    await mkdir(at("folder", "codex"), { recursive: true });
    const expected = await program(at("bin", "codex"));
    await program(at("later", "codex"));
    assert.deepEqual(await find({}, at("none"), at("plain"), at("folder"), at("bin"), at("later")), found(expected));
  });

  it("finds nothing without PATH, on an empty one, or where there is none", async () => {
    assert.deepEqual(await find({ environment: {} }), { status: "notFound" });
    assert.deepEqual(await find({}, "", at("bin")), { status: "notFound" });
  });

  it("passes over relative entries", async () => {
    await program(at("bin", "codex"));
    const before = process.cwd();
    process.chdir(folder());
    try {
      assert.deepEqual(await find({}, "bin", ".", "", "./bin"), { status: "notFound" });
    } finally {
      process.chdir(before);
    }
  });

  it("starts nothing from a workspace folder, also through links", async () => {
    const inside = await program(at("workspace", "node_modules", ".bin", "codex"));
    await symlink(dirname(inside), at("linkedFolder"));
    await mkdir(at("bin"));
    await symlink(inside, at("bin", "codex"));
    for (const entry of [dirname(inside), at("linkedFolder"), at("bin")]) {
      assert.deepEqual(await find({}, entry), { status: "insideWorkspace" }, entry);
    }
    const outside = await program(at("workspace-2", "codex"));
    assert.deepEqual(await find({}, dirname(inside), at("workspace-2")), found(outside));
    assert.deepEqual(await find({ configuredPath: inside }), { status: "insideWorkspace" });
    await symlink(at("workspace"), at("opened"));
    assert.deepEqual(await find({ workspaceFolders: [at("opened")] }, dirname(inside)), { status: "insideWorkspace" });
  });

  it("starts nothing that lies in a workspace as a link to outside", async () => {
    const outside = await program(at("bin", "codex"));
    await mkdir(at("workspace"));
    await symlink(outside, at("workspace", "codex"));
    assert.deepEqual(await find({}, at("workspace")), { status: "insideWorkspace" });
  });

  it("takes the configured path and nothing else", async () => {
    const configuredPath = await program(at("own", "my-codex"));
    const onPath = dirname(await program(at("bin", "codex")));
    assert.deepEqual(await find({ configuredPath }, onPath), found(configuredPath));
    assert.deepEqual(await find({ configuredPath: at("missing") }, onPath), { status: "notExecutable" });
    assert.deepEqual(await find({ configuredPath: await program(at("text"), 0o644) }, onPath), {
      status: "notExecutable",
    });
    assert.deepEqual(await find({ configuredPath: "codex" }, onPath), { status: "notAbsolute" });
    assert.deepEqual(await find({ configuredPath: "" }, onPath), found(join(onPath, "codex")));
  });

  it("on Windows takes codex.exe, or the script behind npm's codex.cmd with node.exe", async () => {
    const exe = await program(at("exe", "codex.exe"), 0o644);
    const cmd = await program(at("npm", "codex.cmd"), 0o644);
    const windows = (...path: string[]) => find({ platform: "win32", environment: { Path: path.join(";") } });
    assert.deepEqual(await windows(at("exe"), at("npm")), found(exe));
    assert.deepEqual(await windows(at("npm"), at("nodejs")), { status: "notFound" });
    const script = await program(at("npm", "node_modules", "@openai", "codex", "bin", "codex.js"), 0o644);
    assert.deepEqual(await windows(at("npm"), at("nodejs")), { status: "notFound" });
    const node = await program(at("nodejs", "node.exe"), 0o644);
    assert.deepEqual(await windows(at("npm"), at("nodejs")), found(node, script));
    const configured = await find({ platform: "win32", configuredPath: cmd, environment: { Path: at("nodejs") } });
    assert.deepEqual(configured, found(node, script));
    const strange = await program(at("workspace", "node.exe"), 0o644);
    assert.deepEqual(await windows(at("npm"), dirname(strange), at("nodejs")), found(node, script));
  });

  it("on Windows starts no script from a workspace folder behind a codex.cmd elsewhere, as npm link makes it", async () => {
    const cmd = await program(at("npm", "codex.cmd"));
    await program(at("nodejs", "node.exe"));
    await program(at("workspace", "codex", "bin", "codex.js"));
    await mkdir(at("npm", "node_modules", "@openai"), { recursive: true });
    await symlink(at("workspace", "codex"), at("npm", "node_modules", "@openai", "codex"));
    const environment = { Path: [at("npm"), at("nodejs")].join(";") };
    assert.deepEqual(await find({ platform: "win32", environment }), { status: "insideWorkspace" });
    assert.deepEqual(await find({ platform: "win32", environment, configuredPath: cmd }), {
      status: "insideWorkspace",
    });
  });

  it("lets a script look for what it runs in where it would itself be looked for", async () => {
    await mkdir(at("workspace", "bin"), { recursive: true });
    await mkdir(at("bin"));
    await symlink(at("workspace", "bin"), at("linked"));
    const start = (platform: NodeJS.Platform, environment: Record<string, string>) =>
      environmentToStart(environment, [at("workspace")], platform);
    const entries = [at("workspace", "bin"), "node_modules/.bin", "", at("bin"), at("linked"), at("none")];
    const kept = [at("bin"), at("none")];
    assert.deepEqual(await start("linux", { PATH: entries.join(":"), Path: "x" }), { PATH: kept.join(":"), Path: "x" });
    assert.deepEqual(await start("win32", { Path: entries.join(";"), A: "1" }), { Path: kept.join(";"), A: "1" });
    assert.deepEqual(await start("linux", { PATH: at("workspace") }), { PATH: undefined });
    assert.deepEqual(await start("linux", { A: "1" }), { A: "1" });
  });

  it("has a sentence with a next step for each failure", () => {
    for (const failure of ["notFound", "notAbsolute", "notExecutable", "insideWorkspace"] as const) {
      assert.match(notFoundProblem(failure).message, /(\. |; )(Install|Correct)/);
    }
  });
});
