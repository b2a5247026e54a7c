import { spawnSync } from "node:child_process";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { npmEnvironment } from "./lib/npmEnvironment.mjs";

/** A published security advisory: versions from `from` (the first one by default) until before `before`. */
export interface Advisory {
  readonly id: string;
  readonly package: string;
  readonly ranges: readonly { readonly from?: string; readonly before: string }[];
}

/** advisories.json: what was known of the bundled packages on a day, for where no registry tells it. */
export interface AdvisoryList {
  /** The day, and the version of every package that was looked up on it: also of those without an advisory. */
  readonly reviewed: { readonly on: string; readonly packages: Readonly<Record<string, string>> };
  /** Advisories that do not concern the extension, and why. */
  readonly accepted: readonly { readonly id: string; readonly reason: string }[];
  readonly advisories: readonly Advisory[];
}

/** A package whose code ships. */
export interface Shipped {
  /** As in package-lock.json: `node_modules/axios`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
}

/** What `npm audit --json` printed: its report, or why there is none. */
export type Audit = { readonly report: AuditReport } | { readonly unavailable: string };

interface AuditReport {
  readonly vulnerabilities: Readonly<Record<string, Vulnerability>>;
}

interface Vulnerability {
  readonly nodes: readonly string[];
  /** An advisory, or the name of a package through which this one is affected. */
  readonly via: readonly (string | { readonly url: string; readonly name: string })[];
}

/** Asks the registry; it sees only names and versions of package-lock.json. */
export function npmAudit(root: string): Audit {
  const args = ["audit", "--json", "--package-lock-only", "--fetch-retries=0", "--fetch-timeout=15000"];
  const { stdout, error } = spawnSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    env: npmEnvironment(process.env),
    shell: process.platform === "win32",
    timeout: 60_000,
  });
  return error ? { unavailable: error.message } : readAudit(stdout);
}

/** Reads what `npm audit --json` printed: a report, a message of why there is none, or neither. */
export function readAudit(printed: string): Audit {
  let answer: { message?: unknown; error?: { summary?: unknown } } & Partial<AuditReport>;
  try {
    answer = JSON.parse(printed) ?? {};
  } catch {
    return { unavailable: "npm audit printed no JSON" };
  }
  if (typeof answer.vulnerabilities === "object" && answer.vulnerabilities)
    return { report: { vulnerabilities: answer.vulnerabilities } };
  return { unavailable: String(answer.message ?? answer.error?.summary ?? "npm audit printed no report") };
}

/** A list that is older than this is said to be old, days. It is still used: time alone must fail no build. */
const oldDays = 90;

/**
 * Looks for advisories against what ships, in the registry's report where there is one and always in our list.
 * @returns a sentence about what was looked at and what could not be
 * @throws when one applies that is not accepted, or a package was not looked up in the version that ships
 */
export function checkAdvisories(
  shipped: readonly Shipped[],
  list: AdvisoryList,
  audit: Audit,
  now: Date = new Date(),
): string {
  const { on, packages } = list.reviewed;
  const unknown = shipped
    .filter(({ name, version }) => !Object.hasOwn(packages, name) || packages[name] !== version)
    .map(({ name, version }) => `${name} ${version}`);
  const reported = "report" in audit ? shipped.flatMap((one) => reportedFor(one, audit.report)) : [];
  const accepted = new Set(list.accepted.map(({ id }) => id));
  const found = [...reported, ...shipped.flatMap((one) => listedFor(one, list))];
  const open = [...new Set(found.filter(({ id }) => !accepted.has(id)).map(({ id, of }) => `${of}: ${id}`))];
  if (open.length > 0)
    throw new Error(`Update what ships, or accept in scripts/advisories.json with a reason:\n${open.join("\n")}`);
  if (unknown.length > 0)
    throw new Error(`Look up the advisories of ${unknown.join(", ")}, and add them to scripts/advisories.json.`);
  const what = `Advisories: none for the ${shipped.length} packages that ship`;
  const sentence =
    "report" in audit
      ? `${what}, by the registry and by the list of ${on}.`
      : `${what}, by the list of ${on} alone. The registry couldn't be asked: ${audit.unavailable}`;
  return isOld(on, now) ? `${sentence}\nWarning: the list is old. Look up the advisories again.` : sentence;
}

/** Whether a day is long ago, or is none that has been. */
function isOld(day: string, now: Date): boolean {
  const days = (now.getTime() - Date.parse(day)) / (24 * 60 * 60_000);
  return !(days >= -1 && days <= oldDays);
}

interface Found {
  readonly id: string;
  /** Name and version. */
  readonly of: string;
}

function listedFor({ name, version }: Shipped, { advisories }: AdvisoryList): Found[] {
  const applies = ({ from, before }: Advisory["ranges"][number]) =>
    (from === undefined || isBefore(from, version) || from === version) && isBefore(version, before);
  return advisories
    .filter((advisory) => advisory.package === name && advisory.ranges.some(applies))
    .map(({ id }) => ({ id, of: `${name} ${version}` }));
}

function reportedFor({ folder, name, version }: Shipped, { vulnerabilities }: AuditReport): Found[] {
  const entry = Object.hasOwn(vulnerabilities, name) ? vulnerabilities[name] : undefined;
  // Another copy of the package may be the affected one.
  if (!entry?.nodes.includes(folder)) return [];
  return entry.via
    .filter((via) => typeof via === "object")
    .map(({ url }) => ({ id: url.split("/").at(-1) ?? url, of: `${name} ${version}` }));
}

/** Of two versions of three numbers each (semver.org, section 11); a pre-release is before its release. */
function isBefore(one: string, other: string): boolean {
  const [a, b] = [versionOf(one), versionOf(other)];
  const index = a.findIndex((part, at) => part !== b[at]);
  return index >= 0 && (a[index] ?? 0) < (b[index] ?? 0);
}

function versionOf(text: string): readonly number[] {
  const [, major, minor, patch, pre] = /^(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(?:\+[\w.-]+)?$/.exec(text) ?? [];
  if (major === undefined) throw new Error(`${text} is not a version`);
  return [Number(major), Number(minor), Number(patch), pre === undefined ? 1 : 0];
}
