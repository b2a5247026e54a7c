// Builds dist/: the extension in pieces that are loaded when they are first needed, and the panel.
// node esbuild.mjs [--production] [--watch]
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { bundledPackages, notices } from "./scripts/lib/bundledPackages.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");

const stub = (name) => join(root, "scripts", "stubs", name);

/** @type {esbuild.BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  logLevel: "warning",
  // NOTICES.txt has the licences in full.
  legalComments: "none",
  metafile: true,
};

/**
 * The pieces that only one other piece imports, the entry not counted: they go into that one, because each file costs as
 * much as its reading. A piece that is loaded later, by import(), stays a file.
 */
const piecesOfOne = ({ outputs }) => {
  const importers = new Map();
  for (const [importer, { imports }] of Object.entries(outputs)) {
    for (const { path, kind } of imports) {
      const isStatic = kind === "import-statement";
      if (isStatic && importer.endsWith("/extension.cjs")) continue;
      importers.set(basename(path), [...(importers.get(basename(path)) ?? []), isStatic ? importer : undefined]);
    }
  }
  const only = [...importers].filter(([, each]) => each.length === 1 && each[0] !== undefined);
  return new Set(only.map(([name]) => name));
};

/**
 * Takes VS Code's API as it is. For an import of CommonJS esbuild would copy the hundreds of its members, in every piece.
 */
const withoutCopies = (code) =>
  code
    .replace(/\bimport\s*\*\s*as\s+([\w$]+)\s*from\s*"vscode";?/g, 'const $1=require("vscode");')
    .replace(/\bimport\s*\{([^{}]*)\}\s*from\s*"vscode";?/g, (_, names) => {
      return `const {${names.replace(/\s+as\s+/g, ":")}}=require("vscode");`;
    });

/** Puts the pieces that `isInlined` names into the one that imports them, and leaves the others where they are. */
const inlined = (pieces, isInlined) => ({
  name: "inlined",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === "import-statement" && path.startsWith("./") && isInlined(path.slice(2))
        ? { path: path.slice(2), namespace: "piece" }
        : { path, external: true },
    );
    build.onLoad({ filter: /.*/, namespace: "piece" }, ({ path }) => ({
      contents: withoutCopies(pieces.find((piece) => basename(piece.path) === path)?.text ?? ""),
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
    build.onEnd(async ({ outputFiles, errors, metafile }) => {
      if (errors.length > 0) return;
      await rm(join(root, "dist"), { recursive: true, force: true, maxRetries: 3 });
      await mkdir(join(root, "dist", "webview"), { recursive: true });
      const pieces = outputFiles.filter((file) => file.path.endsWith(".cjs"));
      const ofOne = piecesOfOne(metafile);
      await Promise.all(
        pieces
          .filter((file) => !ofOne.has(basename(file.path)))
          .map((file) => {
            // What activation needs is one file. What it shares with others is there twice, and so may have no state.
            const isEntry = file.path.endsWith("extension.cjs");
            return esbuild.build({
              stdin: { contents: withoutCopies(file.text), sourcefile: file.path, loader: "js" },
              outfile: file.path,
              format: "cjs",
              platform: "node",
              target: "node22",
              bundle: true,
              plugins: [inlined(pieces, (name) => isEntry || ofOne.has(name))],
              // import() of a CommonJS piece would go through Node's ES module loader, which is slower.
              supported: { "dynamic-import": false },
              minify: production,
              logLevel: "warning",
            });
          }),
      );
    });
  },
};

/**
 * Leaves out what the extension never uses of axios; see the stubs.
 * @type {esbuild.Plugin}
 */
const lessOfAxios = {
  name: "less-of-axios",
  setup(build) {
    build.onResolve({ filter: /^\.\/(?:xhr|fetch)\.js$/ }, ({ importer }) =>
      importer.replaceAll("\\", "/").endsWith("/axios/lib/adapters/adapters.js")
        ? { path: stub("axiosAdapter.mjs") }
        : undefined,
    );
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
    "form-data": stub("formData.cjs"),
    "follow-redirects": stub("ofAxios.cjs"),
    "https-proxy-agent": stub("ofAxios.cjs"),
    "proxy-from-env": stub("ofAxios.cjs"),
    "@vscode/l10n": stub("l10n.mjs"),
  },
  write: false,
  plugins: [lessOfAxios, asCommonJs],
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
  if (!production) return;
  const metafiles = built.map(({ metafile }) => metafile);
  await writeFile(join(root, "dist", "NOTICES.txt"), notices(bundledPackages(root, metafiles)));
  // For what else is said of the package: see scripts/package.ts.
  await mkdir(join(root, "out"), { recursive: true });
  await writeFile(join(root, "out", "metafiles.json"), JSON.stringify(metafiles));
}

await build();
if (watch) {
  await Promise.all([extension.watch(), panel.watch()]);
} else {
  await Promise.all([extension.dispose(), panel.dispose()]);
}
