import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { npmEnvironment } from "../../../scripts/lib/npmEnvironment.mjs";
import { projectPath } from "../../support/projectRoot.ts";

/** What npm 10, npm 11, pnpm 10, Yarn 1, Yarn 4 and Bun hand down to a script, and what makes an install go wrong. */
const outer = {
  npm_config_user_agent: "npm/10.8.2 node/v20.20.2 linux x64 workspaces/false",
  npm_config_ignore_scripts: "true",
  NPM_CONFIG_OMIT: "dev",
  npm_config_global: "true",
  npm_config_prefix: "/usr/local",
  npm_config_nodedir: "/usr",
  npm_config_dry_run: "true",
  npm_config_verify_deps_before_run: "error",
  npm_config_frozen_lockfile: "true",
  npm_command: "test",
  npm_lifecycle_event: "test",
  npm_package_json: "/elsewhere/package.json",
  npm_node_execpath: "/usr/bin/node",
  npm_execpath: "/usr/lib/node_modules/npm/bin/npm-cli.js",
  NODE: "/usr/bin/node",
  NODE_ENV: "production",
  INIT_CWD: "/elsewhere",
  PNPM_SCRIPT_SRC_DIR: "/elsewhere",
  YARN_IGNORE_PATH: "1",
  BERRY_BIN_FOLDER: "/tmp/xfs-1",
  PROJECT_CWD: "/elsewhere",
  COREPACK_ROOT: "/usr/lib/node_modules/corepack",
  BUN_INSTALL: "/home/ada/.bun",
};

/** What is the person's and the computer's. */
const own = {
  PATH: process.env.PATH ?? "",
  HOME: "/home/ada",
  HTTPS_PROXY: "http://proxy.example:3128",
  NODE_EXTRA_CA_CERTS: "/etc/company.pem",
  npm_config_registry: "https://packages.example/npm/",
  npm_config_cafile: "/etc/company.pem",
  NPM_CONFIG_STRICT_SSL: "false",
  "npm_config_@example:registry": "https://packages.example/other/",
  "npm_config_//packages.example/:_authToken": "from-the-environment",
};

describe("the environment of an npm that we start", () => {
  it("has nothing of an outer package manager", () => {
    assert.deepEqual(npmEnvironment({ ...outer, ...own }), own);
  });

  it("drops every name that a package manager may invent, whatever its case", () => {
    for (const name of ["npm_new_thing", "npm_config_new-thing", "NPM_CONFIG_NEW", "pnpm_x", "YARN_X", "BUN_X"])
      assert.deepEqual(npmEnvironment({ [name]: "1" }), {}, name);
  });

  it("keeps names that only look alike", () => {
    const alike = { NODE_PATH: "/a", MY_NPM_CONFIG: "b", NPMRC: "c", INIT_CWD_OLD: "d", NODE_ENVIRONMENT: "e" };
    assert.deepEqual(npmEnvironment(alike), alike);
  });

  for (const [name, options, expected] of [
    ["Yarn's Plug'n'Play alone", "--require /a/.pnp.cjs --experimental-loader file:///a/.pnp.loader.mjs", undefined],
    ["beside an option of the person's", "--max-old-space-size=4096 -r /a/.pnp.cjs", "--max-old-space-size=4096"],
    ["quoted", '--require "/a b/.pnp.cjs" --use-openssl-ca', "--use-openssl-ca"],
    ["another preload", "--require ./hook.js", "--require ./hook.js"],
  ] as const) {
    it(`loads no Plug'n'Play: ${name}`, () => {
      assert.equal(npmEnvironment({ NODE_OPTIONS: options }).NODE_OPTIONS, expected);
    });
  }
});

describe("the tools' installation", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toolchain-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Puts a program called npm before all others, which runs `script` (for sh), and runs `code` with our tools. */
  function withNpm(script: string, code: string): { status: number | null; stderr: string } {
    const npm = join(folder, "npm");
    writeFileSync(npm, `#!/bin/sh\n${script}\n`);
    chmodSync(npm, 0o755);
    const toolchain = JSON.stringify(projectPath("scripts", "lib", "toolchain.mjs"));
    return spawnSync(
      process.execPath,
      ["--input-type=module", "-e", `const tools = await import(${toolchain});\n${code}`],
      {
        encoding: "utf8",
        env: {
          ...outer,
          HOME: folder,
          PATH: `${folder}${delimiter}${dirname(process.execPath)}${delimiter}/usr/bin${delimiter}/bin`,
          CHATGPT_SIGN_IN_CACHE: join(folder, "cache"),
          SEEN_FILE: join(folder, "seen"),
        },
      },
    );
  }

  it("starts npm without the outer one's environment, and with what it needs", () => {
    const { status, stderr } = withNpm(
      'env > "$SEEN_FILE"; echo "$@" >> "$SEEN_FILE"',
      'tools.installOnce("tool", ["tool@1"], { npm_config_nodedir: "/node24" });',
    );
    assert.equal(status, 0, stderr);
    const seen = readFileSync(join(folder, "seen"), "utf8").split("\n");
    const names = seen.filter((line) => /^(npm_|node|init_cwd|yarn_|pnpm_|bun_)/i.test(line));
    assert.deepEqual(names, ["npm_config_nodedir=/node24"]);
    assert.ok(seen.some((line) => line.startsWith("install ") && line.includes("--ignore-scripts=false")));
  });

  it("leaves nothing behind when npm fails, and says what npm said", () => {
    const { status, stderr } = withNpm(
      'echo "no space left" >&2; exit 1',
      'tools.installOnce("tool", ["tool@1"], {});',
    );
    assert.equal(status, 1);
    assert.match(stderr, /no space left/);
    assert.deepEqual(readdirSync(join(folder, "cache")), []);
  });

  it("takes what another process has installed at the same time", () => {
    const other = join(folder, "cache", "tool");
    const { status, stderr } = withNpm(
      `mkdir -p "${other}/node_modules" && touch "${other}/node_modules/theirs"`,
      'if (!tools.installOnce("tool", ["tool@1"], {}).endsWith("tool")) process.exit(7);',
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(join(folder, "cache")), ["tool"]);
    assert.deepEqual(readdirSync(join(other, "node_modules")), ["theirs"]);
  });
});

describe("a Node that is too old", () => {
  for (const version of ["4.9.1", "12.22.12", "18.20.8", "19.9.0"]) {
    it(`${version} is told so in one sentence`, () => {
      const { status, stdout, stderr } = startUnder(version);
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.equal(
        stderr,
        `This project needs Node.js 20 or newer, and this is Node.js ${version}. ` +
          "Install a newer one from https://nodejs.org and run the command again.\n",
      );
    });
  }

  it("20 and later are not", () => {
    for (const version of ["20.0.0", "22.3.0", "24.0.0", "101.0.0"])
      assert.doesNotMatch(startUnder(version).stderr, /needs Node\.js/, version);
  });

  /** Starts the check under a Node that claims another version, from a folder where nothing can be installed. */
  function startUnder(version: string) {
    const folder = mkdtempSync(join(tmpdir(), "start-"));
    try {
      writeFileSync(join(folder, "start.cjs"), readFileSync(projectPath("scripts", "start.cjs")));
      const claim = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
      return spawnSync(process.execPath, ["-e", `${claim} require("./start.cjs");`], { cwd: folder, encoding: "utf8" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});
