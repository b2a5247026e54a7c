import assert from "node:assert/strict";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { npmEnvironment } from "../../../scripts/lib/npmEnvironment.mjs";
import { outer } from "./outerEnvironment.ts";

/** The person's own variables and the computer's. */
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
  // An .npmrc has `//packages.example/:_authToken=${NPM_TOKEN}`.
  NPM_TOKEN: "from-the-environment",
};

describe("the environment of an npm that we start", () => {
  it("has no variable of an outer package manager", () => {
    assert.deepEqual(npmEnvironment({ ...outer, ...own }), own);
  });

  it("drops every name that a package manager may invent, whatever its case", () => {
    for (const name of ["npm_new_thing", "npm_config_new-thing", "NPM_CONFIG_NEW", "pnpm_x", "YARN_X", "BUN_X"])
      assert.deepEqual(npmEnvironment({ [name]: "1" }), {}, name);
  });

  it("keeps names that only look similar", () => {
    const alike = { NODE_PATH: "/a", MY_NPM_CONFIG: "b", NPMRC: "c", INIT_CWD_OLD: "d", NODE_ENVIRONMENT: "e" };
    assert.deepEqual(npmEnvironment(alike), alike);
  });

  for (const [name, options, expected] of [
    ["Yarn's Plug'n'Play alone", "--require /a/.pnp.cjs --experimental-loader file:///a/.pnp.loader.mjs", undefined],
    ["beside an option of the person", "--max-old-space-size=4096 -r /a/.pnp.cjs", "--max-old-space-size=4096"],
    ["quoted", '--require "/a b/.pnp.cjs" --use-openssl-ca', "--use-openssl-ca"],
    ["another preload", "--require ./hook.js", "--require ./hook.js"],
  ] as const) {
    it(`loads no Plug'n'Play: ${name}`, () => {
      assert.equal(npmEnvironment({ NODE_OPTIONS: options }).NODE_OPTIONS, expected);
    });
  }

  for (const [options, expected] of [
    ["--inspect", undefined],
    ["--inspect-brk=127.0.0.1:9230", undefined],
    ["--inspect-wait=0 --inspect-port 9231", undefined],
    ["--use-openssl-ca --inspect-brk --max-old-space-size=4096", "--use-openssl-ca --max-old-space-size=4096"],
    ["--require /a/inspector.js --inspect-port=0", "--require /a/inspector.js"],
  ] as const) {
    it(`waits for no debugger: ${options}`, () => {
      assert.equal(npmEnvironment({ NODE_OPTIONS: options }).NODE_OPTIONS, expected);
    });
  }
});
