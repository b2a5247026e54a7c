/** The types of toolchain.mjs, which stays JavaScript because it must run on a Node that cannot read TypeScript. */
export declare const CODE_SERVER_VERSION: string;
export declare function cacheDirectory(): string;
export declare function ensureNode(): string;
export declare function ensureCodeServer(): string;
export declare function ensureChromium(): string;
export declare function ensureDependencies(root: string): void;
export declare function canInstallDebianPackages(): boolean;
export declare function ensureDebianPackages(markers: Readonly<Record<string, string>>): void;
export declare function installOnce(
  name: string,
  packages: readonly string[],
  env: Readonly<Record<string, string>>,
  entry: string,
): string;
export declare function run(
  command: string,
  args: readonly string[],
  options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
): string;
