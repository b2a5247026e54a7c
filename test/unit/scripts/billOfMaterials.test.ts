import assert from "node:assert/strict";
import { z } from "zod";
import lock from "../../../package-lock.json" with { type: "json" };
import { billOfMaterials, type Lock } from "../../../scripts/billOfMaterials.ts";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import type { BundledPackage } from "../../../scripts/lib/bundledPackages.mjs";
import { bomShape } from "../../support/bomShape.ts";

const manifest = {
  name: "an-extension",
  version: "1.2.3",
  publisher: "ada",
  license: "MIT",
  dependencies: { "@scope/one": "^1.0.0", two: "^2.0.0" },
};
const integrity = `sha512-${Buffer.alloc(64, 7).toString("base64")}`;
const someLock: Lock = {
  packages: {
    "node_modules/@scope/one": { version: "1.0.0", integrity, dependencies: { three: "^1.0.0", two: "^2.0.0" } },
    "node_modules/@scope/one/node_modules/three": { version: "1.5.0", integrity },
    "node_modules/two": { version: "2.0.0-rc.1+b", integrity, dependencies: { three: "^3.0.0", four: "^4.0.0" } },
    "node_modules/three": { version: "3.0.0", integrity },
    "node_modules/four": { version: "4.0.0", integrity },
  },
};
const bundled = (folder: string, change: Partial<BundledPackage> = {}): BundledPackage => ({
  folder,
  name: folder.replace(/^.*node_modules\//, ""),
  version: someLock.packages[folder]?.version ?? "0.0.0",
  license: "MIT",
  texts: ["Do as you like."],
  ...change,
});
const all = ["@scope/one", "@scope/one/node_modules/three", "two", "three"].map((name) =>
  bundled(`node_modules/${name}`),
);
const bill = (packages = all, of = someLock) => bomShape.parse(billOfMaterials(manifest, of, packages));

describe("the bill of materials", () => {
  it("names each bundled package with its hash, license and package URL", () => {
    const { components } = bill();
    assert.deepEqual(
      components.map(({ purl }) => purl),
      ["pkg:npm/%40scope/one@1.0.0", "pkg:npm/three@1.5.0", "pkg:npm/three@3.0.0", "pkg:npm/two@2.0.0-rc.1%2Bb"],
    );
    const [one] = components;
    assert.deepEqual([one?.group, one?.name, one?.licenses[0]?.license.id], ["@scope", "one", "MIT"]);
    assert.deepEqual(one?.hashes, [{ alg: "SHA-512", content: "07".repeat(64) }]);
  });

  it("tells what depends on what: the nearest copy, and only what is bundled", () => {
    assert.deepEqual(Object.fromEntries(bill().dependencies.map(({ ref, dependsOn }) => [ref, dependsOn])), {
      "ada.an-extension@1.2.3": ["pkg:npm/%40scope/one@1.0.0", "pkg:npm/two@2.0.0-rc.1%2Bb"],
      "pkg:npm/%40scope/one@1.0.0": ["pkg:npm/three@1.5.0", "pkg:npm/two@2.0.0-rc.1%2Bb"],
      "pkg:npm/three@1.5.0": [],
      "pkg:npm/three@3.0.0": [],
      "pkg:npm/two@2.0.0-rc.1%2Bb": ["pkg:npm/three@3.0.0"],
    });
  });

  it("is the same for the same content, in whatever order, and has another number for other content", () => {
    assert.equal(JSON.stringify(bill(all.toReversed())), JSON.stringify(bill()));
    assert.notEqual(bill(all.slice(1)).serialNumber, bill().serialNumber);
  });

  it("is not made of something else than the lock file has", () => {
    const newer = [bundled("node_modules/two", { version: "2.1.0" })];
    assert.throws(() => bill(newer), /two 2\.1\.0 was bundled; package-lock\.json has 2\.0\.0-rc\.1\+b/);
    assert.throws(() => bill([bundled("node_modules/stranger")]), /stranger .* has no version of it\. Run npm ci/);
    assert.throws(() => bill([bundled("node_modules/constructor")]), /constructor .* has no version of it/);
  });

  for (const damaged of [undefined, "", "sha1-aaaa", "sha512-"])
    it(`is not made without a hash: ${damaged}`, () => {
      const packages = {
        "node_modules/two": { version: "2.0.0-rc.1+b", ...(damaged === undefined ? {} : { integrity: damaged }) },
      };
      assert.throws(() => bill([bundled("node_modules/two")], { packages }), /has no hash of two/);
    });

  it("reads the project's own lock file", () => {
    const axios = lock.packages["node_modules/axios"];
    const ours = bundled("node_modules/axios", { version: axios.version });
    const [component] = bill([ours], lock as Lock).components;
    assert.equal(z.string().parse(component?.purl), `pkg:npm/axios@${axios.version}`);
  });
});
