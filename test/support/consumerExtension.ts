import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createVSIX } from "@vscode/vsce";
import { build } from "esbuild";
import { temporaryDirectory } from "./cleanUp.ts";
import { projectPath } from "./projectRoot.ts";

interface Manifest {
  name: string;
  displayName: string;
  version: string;
  contributes: { commands: { command: string; category: string }[] };
  [field: string]: unknown;
}

/** An extension that was built for a test. */
export interface BuiltExtension {
  readonly vsix: string;
  /** Its name in VS Code's dialogs, and the category of its commands. */
  readonly displayName: string;
  remove(): Promise<void>;
}

/**
 * Builds and packages `examples/consumer`.
 * @param variant makes it another extension with the same code: its own id, name and commands
 */
export async function buildConsumer(variant = ""): Promise<BuiltExtension> {
  const source = projectPath("examples", "consumer");
  const folder = temporaryDirectory();
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  // Different enough that the palette does not offer the commands of one when a test types those of the other.
  const displayName = variant ? `${variant} Extension` : manifest.displayName;
  const suffix = variant.toLowerCase();
  await build({
    entryPoints: [join(source, "src", "extension.ts")],
    outfile: join(folder.path, "dist", "extension.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    external: ["vscode"],
    logLevel: "warning",
  });
  const bundle = join(folder.path, "dist", "extension.cjs");
  const prefix = `chatgptConsumer${suffix}.`;
  // Two extensions cannot register the same commands.
  writeFileSync(bundle, readFileSync(bundle, "utf8").replaceAll('"chatgptConsumer.', `"${prefix}`));
  const { scripts: _scripts, dependencies: _dependencies, devDependencies: _devDependencies, ...rest } = manifest;
  writeFileSync(
    join(folder.path, "package.json"),
    JSON.stringify({
      ...rest,
      name: `${manifest.name}${suffix}`,
      displayName,
      contributes: {
        ...manifest.contributes,
        commands: manifest.contributes.commands.map((command) => ({
          ...command,
          command: command.command.replace("chatgptConsumer.", prefix),
          category: displayName,
        })),
      },
    }),
  );
  const vsix = join(folder.path, "consumer.vsix");
  await createVSIX({
    cwd: folder.path,
    packagePath: vsix,
    dependencies: false,
    skipLicense: true,
    allowMissingRepository: true,
  });
  return { vsix, displayName, remove: folder.remove };
}
