import assert from "node:assert/strict";
import lock from "../../../package-lock.json" with { type: "json" };
import ourList from "../../../scripts/advisories.json" with { type: "json" };
import { type AdvisoryList, checkAdvisories, readAudit, type Shipped } from "../../../scripts/advisories.ts";

const shipped = (version: string, name = "left-pad"): Shipped => ({ folder: `node_modules/${name}`, name, version });
const list = (change: Partial<AdvisoryList> = {}): AdvisoryList => ({
  reviewed: { on: "2026-01-31", packages: ["left-pad", "constructor"] },
  accepted: [],
  advisories: [
    { id: "GHSA-aaaa", package: "left-pad", ranges: [{ before: "1.10.0" }, { from: "2.0.0", before: "2.0.3" }] },
    { id: "GHSA-bbbb", package: "right-pad", ranges: [{ before: "99.0.0" }] },
  ],
  ...change,
});
const closed = { unavailable: "405 Method Not Allowed" };
const check = (
  version: string,
  change?: Partial<AdvisoryList>,
  audit: Parameters<typeof checkAdvisories>[2] = closed,
) => checkAdvisories([shipped(version)], list(change), audit);

describe("advisories for what ships", () => {
  for (const version of ["0.0.1", "1.9.9", "1.10.0-rc.1", "2.0.0", "2.0.2+build.7", "2.0.3-beta"])
    it(`are found for ${version}`, () => assert.throws(() => check(version), /left-pad \S+: GHSA-aaaa/));

  for (const version of ["1.10.0", "1.11.0-beta", "2.0.0-alpha", "2.0.3", "10.0.0"])
    it(`leave ${version} alone`, () => assert.doesNotThrow(() => check(version)));

  it("are not taken to be absent for what is no version", () => {
    for (const version of ["", "latest", "1.2", "git+ssh://example.com/left-pad"])
      assert.throws(() => check(version), /is not a version/, version);
  });

  it("are not taken to be absent for a package that nobody looked up", () => {
    assert.throws(
      () => checkAdvisories([shipped("1.0.0", "new-here")], list(), closed),
      /Look up the advisories of new-here/,
    );
  });

  it("can be accepted, each by its own id", () => {
    const accepted = [{ id: "GHSA-aaaa", reason: "Nothing here pads on the left." }];
    assert.doesNotThrow(() => check("1.0.0", { accepted }));
    const advisories = [...list().advisories, { id: "GHSA-cccc", package: "left-pad", ranges: [{ before: "1.1.0" }] }];
    assert.throws(() => check("1.0.0", { accepted, advisories }), /GHSA-cccc/);
  });

  it("tell when the registry could not be asked, and why", () => {
    assert.match(check("3.0.0"), /by the list of 2026-01-31 alone.*couldn't be asked: 405 Method Not Allowed/);
  });

  describe("in the registry's report", () => {
    const reportOf = (name: string, nodes: readonly string[]) =>
      readAudit(
        JSON.stringify({
          auditReportVersion: 2,
          vulnerabilities: {
            [name]: {
              nodes,
              via: ["another-package", { source: 1, name, url: "https://github.com/advisories/GHSA-dddd" }],
            },
          },
        }),
      );

    it("are found", () => {
      const audit = reportOf("left-pad", ["node_modules/left-pad"]);
      assert.throws(() => check("3.0.0", {}, audit), /left-pad 3\.0\.0: GHSA-dddd/);
    });

    it("of another copy of the package, or of none that ships, do not count", () => {
      for (const audit of [
        reportOf("left-pad", ["node_modules/mocha/node_modules/left-pad"]),
        reportOf("mocha", ["node_modules/mocha"]),
        readAudit('{"vulnerabilities":{}}'),
      ])
        assert.match(check("3.0.0", {}, audit), /by the registry and by the list/);
    });

    it("are not looked for in what every object has", () => {
      const audit = readAudit('{"vulnerabilities":{}}');
      assert.doesNotThrow(() => checkAdvisories([shipped("1.0.0", "constructor")], list(), audit));
    });
  });

  it("are not taken to be absent when npm fails", () => {
    const failures: readonly [string, RegExp][] = [
      ['{"message":"405 Method Not Allowed","statusCode":405,"error":{"summary":""}}', /405 Method/],
      ['{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile."}}', /existing lockfile/],
      ["", /no JSON/],
      ["<html>blocked</html>", /no JSON/],
      ["null", /no report/],
      ['{"vulnerabilities":null}', /no report/],
    ];
    for (const [printed, why] of failures) {
      const audit = readAudit(printed);
      assert.match("unavailable" in audit ? audit.unavailable : "a report", why, printed);
    }
  });

  it("were looked up for everything that package.json depends on, and are about such packages", () => {
    const names = new Set(Object.keys(lock.packages).map((folder) => folder.replace(/^.*node_modules\//, "")));
    const { reviewed, advisories, accepted } = ourList;
    assert.deepEqual(
      Object.keys(lock.packages[""].dependencies).filter((name) => !reviewed.packages.includes(name)),
      [],
    );
    assert.deepEqual(
      reviewed.packages.filter((name) => !names.has(name)),
      [],
    );
    assert.deepEqual(
      advisories.filter((advisory) => !reviewed.packages.includes(advisory.package)),
      [],
    );
    assert.deepEqual(accepted, []);
    assert.match(reviewed.on, /^20\d\d-\d\d-\d\d$/);
    const ids = advisories.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { id, ranges } of advisories) assert.ok(/^GHSA(-[a-z\d]{4}){3}$/.test(id) && ranges.length > 0, id);
  });

  it("are none for what package-lock.json has of them", () => {
    const packages: Readonly<Record<string, { readonly version?: string }>> = lock.packages;
    const locked = ourList.reviewed.packages.map((name) => {
      const folder = `node_modules/${name}`;
      return { folder, name, version: packages[folder]?.version ?? "not installed" };
    });
    assert.doesNotThrow(() => checkAdvisories(locked, ourList, closed));
  });
});
