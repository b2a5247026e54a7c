// Builds dist/: the extension in pieces that are loaded when they are first needed, and the panel.
// node esbuild.mjs [--production] [--watch]
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");

/** @type {esbuild.BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  logLevel: "warning",
  // The licences stand in NOTICES.txt, in full.
  legalComments: "none",
  metafile: true,
};

/** Puts what a piece imports at once into it, and leaves what it imports later where it is. */
const inlined = (pieces) => ({
  name: "inlined",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === "import-statement" && path.startsWith("./")
        ? { path: path.slice(2), namespace: "piece" }
        : { path, external: true },
    );
    build.onLoad({ filter: /.*/, namespace: "piece" }, ({ path }) => ({
      contents: pieces.find((piece) => piece.path.endsWith(path))?.text,
      loader: "js",
    }));
  },
});

/**
 * esbuild splits only ES modules, and VS Code's extension hosts load CommonJS everywhere: so the pieces are split as ES
 * modules first, and each is then rewritten as CommonJS.
 * @type {esbuild.Plugin}
 */
const asCommonJs = {
  name: "as-commonjs",
  setup(build) {
    build.onEnd(async ({ outputFiles, errors }) => {
      if (errors.length > 0) return;
      await rm(join(root, "dist"), { recursive: true, force: true, maxRetries: 3 });
      await mkdir(join(root, "dist", "webview"), { recursive: true });
      const pieces = outputFiles.filter((file) => file.path.endsWith(".cjs"));
      await Promise.all(
        pieces.map((file) =>
          esbuild.build({
            stdin: { contents: file.text, sourcefile: file.path, loader: "js" },
            outfile: file.path,
            format: "cjs",
            platform: "node",
            target: "node22",
            // What activation needs is one file: each further one costs as much as its reading. Nothing in the pieces
            // that the entry shares with others has a state of its own, so that they may be there twice.
            bundle: file.path.endsWith("extension.cjs"),
            plugins: [inlined(pieces)],
            // import() of a CommonJS piece would go through Node's ES module loader, which is slower.
            supported: { "dynamic-import": false },
            minify: production,
            logLevel: "warning",
          }),
        ),
      );
    });
  },
};

const extension = await esbuild.context({
  ...common,
  entryPoints: { extension: "src/extension.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  chunkNames: "[name]-[hash]",
  format: "esm",
  splitting: true,
  sourcemap: false,
  platform: "node",
  target: "node22",
  mainFields: ["module", "main"],
  external: ["vscode"],
  alias: {
    "form-data": join(root, "scripts", "stubs", "formData.cjs"),
    "signal-exit": join(root, "scripts", "stubs", "signalExit.cjs"),
    // It patches node:fs for everybody in the process.
    "graceful-fs": "node:fs",
  },
  write: false,
  plugins: [asCommonJs],
});

const panel = await esbuild.context({
  ...common,
  entryPoints: { main: "webview-ui/src/main.ts" },
  outdir: "dist/webview",
  format: "esm",
  target: "chrome132",
  loader: { ".svg": "text" },
});

async function build() {
  const built = [await extension.rebuild(), await panel.rebuild()];
  if (production) await writeFile(join(root, "dist", "NOTICES.txt"), await notices(built));
}

/** The licences of the packages whose code went into the bundles; most ask to be passed on with it. */
async function notices(results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean);
  const texts = [...new Set(folders)].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const files = (await readdir(join(root, folder))).filter((file) => /^licen[cs]e/i.test(file)).sort();
    const text = files[0] ? await readFile(join(root, folder, files[0]), "utf8") : `Licence: ${license}\n`;
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

await build();
if (watch) {
  await Promise.all([extension.watch(), panel.watch()]);
} else {
  await Promise.all([extension.dispose(), panel.dispose()]);
}
