import assert from "node:assert/strict";
import lock from "../../../package-lock.json" with { type: "json" };
import ourList from "../../../scripts/advisories.json" with { type: "json" };
import { type AdvisoryList, checkAdvisories, readAudit, type Shipped } from "../../../scripts/advisories.ts";

const shipped = (version: string, name = "left-pad"): Shipped => ({ folder: `node_modules/${name}`, name, version });
const list = (change: Partial<AdvisoryList> = {}): AdvisoryList => ({
  reviewed: { on: "2026-01-31", packages: { "left-pad": "3.0.0", constructor: "1.0.0" } },
  accepted: [],
  advisories: [
    { id: "GHSA-aaaa", package: "left-pad", ranges: [{ before: "1.10.0" }, { from: "2.0.0", before: "2.0.3" }] },
    { id: "GHSA-bbbb", package: "right-pad", ranges: [{ before: "99.0.0" }] },
  ],
  ...change,
});
const closed = { unavailable: "405 Method Not Allowed" };
const on = (day: string) => new Date(`${day}T12:00:00Z`);
/** Of a version that was looked up. */
const check = (
  version: string,
  change?: Partial<AdvisoryList>,
  audit: Parameters<typeof checkAdvisories>[2] = closed,
  now = on("2026-01-31"),
) => {
  const reviewed = { on: "2026-01-31", packages: { "left-pad": version } };
  return checkAdvisories([shipped(version)], list({ reviewed, ...change }), audit, now);
};

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
      /Look up the advisories of new-here 1\.0\.0/,
    );
    // What every object has was not looked up, either.
    assert.throws(() => checkAdvisories([shipped("1.0.0", "toString")], list(), closed), /of toString 1\.0\.0/);
  });

  it("are not taken to be absent for a version that nobody looked up, also with the registry's report", () => {
    for (const audit of [closed, readAudit('{"vulnerabilities":{}}')]) {
      for (const version of ["2.9.9", "3.0.1", "3.0.0-rc.1"])
        assert.throws(
          () => checkAdvisories([shipped(version)], list(), audit),
          new RegExp(`Look up the advisories of left-pad ${version}`),
        );
      assert.doesNotThrow(() => checkAdvisories([shipped("3.0.0")], list(), audit));
    }
  });

  it("are said to be from an old list after 90 days, or where its day is none that has been", () => {
    const isWarned = (day: string, reviewedOn = "2026-01-31") =>
      check("3.0.0", { reviewed: { on: reviewedOn, packages: { "left-pad": "3.0.0" } } }, closed, on(day)).includes(
        "\nWarning: the list is old. Look up the advisories again.",
      );
    assert.deepEqual(
      ["2026-01-30", "2026-01-31", "2026-04-30"].map((day) => isWarned(day)),
      [false, false, false],
    );
    assert.deepEqual(
      ["2026-01-01", "2026-05-02", "2027-01-31"].map((day) => isWarned(day)),
      [true, true, true],
    );
    assert.equal(isWarned("2026-01-31", "soon"), true);
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
      Object.keys(lock.packages[""].dependencies).filter((name) => !(name in reviewed.packages)),
      [],
    );
    assert.deepEqual(
      Object.keys(reviewed.packages).filter((name) => !names.has(name)),
      [],
    );
    assert.deepEqual(
      advisories.filter((advisory) => !(advisory.package in reviewed.packages)),
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
    const locked = Object.keys(ourList.reviewed.packages).map((name) => {
      const folder = `node_modules/${name}`;
      return { folder, name, version: packages[folder]?.version ?? "not installed" };
    });
    assert.doesNotThrow(() => checkAdvisories(locked, ourList, closed));
  });
});
