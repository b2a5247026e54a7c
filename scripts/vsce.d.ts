// TypeScript does not find the types of @vscode/vsce; this is the function that we use.
declare module "@vscode/vsce" {
  export function createVSIX(options: {
    readonly cwd: string;
    readonly packagePath: string;
    readonly dependencies: boolean;
    readonly skipLicense: boolean;
    readonly allowMissingRepository: boolean;
  }): Promise<void>;

  /** The files that go into the package, relative to `cwd`. */
  export function listFiles(options: { cwd: string; packageManager: number }): Promise<string[]>;
}
