/** The types of bundledPackages.mjs. */
export interface BundledPackage {
  /** Relative to the project's folder, as in package-lock.json: `node_modules/axios`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX identifier. */
  readonly license: string;
  readonly texts: readonly string[];
}

/** What of esbuild's metafile is used. */
export interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
}

export declare function bundledPackages(root: string, metafiles: readonly Metafile[]): BundledPackage[];
export declare function notices(packages: readonly BundledPackage[]): string;
