import { createHash } from "node:crypto";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import type { BundledPackage } from "./lib/bundledPackages.mjs";

/** What of package.json is used. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly publisher: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What of package-lock.json is used. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * A software bill of materials for the package (CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/): the packages whose
 * code is in the bundles, with what the lock file says of them. The same content gives the same text: it has no time, and
 * its serial number is made from the rest.
 * @throws when a package is not the one that the lock file names
 */
export function billOfMaterials(manifest: Manifest, lock: Lock, packages: readonly BundledPackage[]): object {
  const components = packages.map((one) => component(one, lock)).sort(byReference);
  const references = new Map(packages.map((one) => [one.folder, purl(one)]));
  const dependsOn = (folder: string, names: readonly string[]) =>
    [
      ...new Set(names.map((name) => references.get(resolved(folder, name, lock))).filter((ref) => ref !== undefined)),
    ].sort();
  const root = `${manifest.publisher}.${manifest.name}@${manifest.version}`;
  const dependencies = packages.map((one) => ({
    ref: purl(one),
    dependsOn: dependsOn(one.folder, Object.keys(lock.packages[one.folder]?.dependencies ?? {})),
  }));
  const content = {
    metadata: {
      component: {
        type: "application",
        "bom-ref": root,
        group: manifest.publisher,
        name: manifest.name,
        version: manifest.version,
        licenses: [{ license: { id: manifest.license } }],
      },
    },
    components,
    dependencies: [
      { ref: root, dependsOn: dependsOn("", Object.keys(manifest.dependencies)) },
      ...dependencies.sort((a, b) => compare(a.ref, b.ref)),
    ],
  };
  return { bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: serialNumber(content), version: 1, ...content };
}

function component(one: BundledPackage, lock: Lock) {
  const locked = lock.packages[one.folder];
  if (!locked || locked.version !== one.version) {
    const expected = locked?.version ?? "no version of it";
    throw new Error(`${one.name} ${one.version} was bundled; package-lock.json has ${expected}. Run npm ci.`);
  }
  const [group, name] = one.name.startsWith("@") ? one.name.split("/") : [undefined, one.name];
  return {
    type: "library",
    "bom-ref": purl(one),
    ...(group === undefined ? {} : { group }),
    name: name ?? one.name,
    version: one.version,
    scope: "required",
    hashes: hashes(one.name, locked.integrity),
    licenses: [{ license: { id: one.license } }],
    purl: purl(one),
  };
}

/** From Subresource Integrity, as npm keeps it, to hexadecimal digits: of the archive that was installed. */
function hashes(name: string, integrity: string | undefined): { alg: string; content: string }[] {
  const [, algorithm, digest] = /^sha(512|384|256)-([A-Za-z\d+/=]+)$/.exec(integrity ?? "") ?? [];
  if (!algorithm || !digest) throw new Error(`package-lock.json has no hash of ${name}. Run npm install.`);
  return [{ alg: `SHA-${algorithm}`, content: Buffer.from(digest, "base64").toString("hex") }];
}

/** A package URL (https://github.com/package-url/purl-spec, type npm): the scope is encoded, its slash is not. */
function purl({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;
}

/** The folder of the package that `name` means to the code in `folder`, by Node's rule: the nearest node_modules. */
function resolved(folder: string, name: string, lock: Lock): string {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const candidate = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (Object.hasOwn(lock.packages, candidate) || at === "") return candidate;
  }
}

/** A UUID (RFC 9562, version 8) whose bits are the hash of the content. */
function serialNumber(content: object): string {
  const hash = createHash("sha256").update(JSON.stringify(content)).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const [, ...parts] = /^(.{8})(.{4})(.{4})(.{4})(.{12})/.exec(hash.toString("hex")) ?? [];
  return `urn:uuid:${parts.join("-")}`;
}

const byReference = (a: { "bom-ref": string }, b: { "bom-ref": string }) => compare(a["bom-ref"], b["bom-ref"]);

/** The same on every computer, which localeCompare is not. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
