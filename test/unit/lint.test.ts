import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "jsonc-parser";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { projectPath } from "../support/projectRoot.ts";

/** What each module of src/ may import, see docs/architecture.md. */
const below: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  platform: ["shared"],
  oauth: ["platform", "shared"],
  account: ["oauth", "platform", "shared"],
  signin: ["account", "oauth", "platform", "shared"],
  codex: ["account", "oauth", "platform", "shared"],
  openai: ["account", "oauth", "platform", "shared"],
  editor: ["signin", "codex", "openai", "account", "oauth", "platform", "shared"],
};
const modules = Object.keys(below);

const runtimeImport = (specifier: string) => `import { x } from "${specifier}";\nexport const y = x;\n`;
const typeImport = (specifier: string) => `import type { X } from "${specifier}";\nexport type Y = X;\n`;
const laterImport = (specifier: string) => `export const load = () => import("${specifier}");\n`;
const numbered = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `${line(index)}\n`).join("");
const fileOf = (lines: number) => numbered(lines, (index) => `export const name${index} = ${index};`);
const functionOf = (lines: number) =>
  `export function add(total: number): void {\n${numbered(lines - 2, (index) => `  console.info(total + ${index});`)}}\n`;
const branches = (count: number) =>
  `export function choose(value: number): void {\n${numbered(count, (index) => `  if (value === ${index}) throw value;`)}}\n`;

/** A small file, and the rules that it breaks, each as often as it does. */
interface Snippet {
  readonly path: string;
  readonly text: string;
  readonly breaks: readonly string[];
}

function layerSnippets(): Snippet[] {
  const rule = "style/noRestrictedImports";
  return modules.flatMap((module) => {
    const folder = `src/${module}`;
    const others = modules
      .filter((other) => other !== module)
      .flatMap((other) => {
        const breaks = below[module]?.includes(other) ? [] : [rule];
        return [
          { path: `${folder}/${other}Runtime.ts`, text: runtimeImport(`../${other}/some.ts`), breaks },
          { path: `${folder}/${other}Type.ts`, text: typeImport(`../${other}/some.ts`), breaks },
          { path: `${folder}/${other}Later.ts`, text: laterImport(`../${other}/some.ts`), breaks },
          { path: `${folder}/deep/${other}Type.ts`, text: typeImport(`../../${other}/deep/some.ts`), breaks },
        ];
      });
    return [
      ...others,
      { path: `${folder}/vscode.ts`, text: typeImport("vscode"), breaks: module === "editor" ? [] : [rule] },
      { path: `${folder}/composition.ts`, text: typeImport("../composition.ts"), breaks: [rule] },
      { path: `${folder}/extension.ts`, text: runtimeImport("../extension.ts"), breaks: [rule] },
    ];
  });
}

function panelSnippets(): Snippet[] {
  const rule = "style/noRestrictedImports";
  const folder = "webview-ui/src";
  return [
    ...modules.flatMap((module) => {
      const breaks = module === "shared" ? [] : [rule];
      return [
        { path: `${folder}/${module}Runtime.ts`, text: runtimeImport(`../../src/${module}/some.ts`), breaks },
        { path: `${folder}/${module}Type.ts`, text: typeImport(`../../src/${module}/some.ts`), breaks },
        { path: `${folder}/deep/${module}Type.ts`, text: typeImport(`../../../src/${module}/deep/some.ts`), breaks },
      ];
    }),
    { path: `${folder}/composition.ts`, text: typeImport("../../src/composition.ts"), breaks: [rule] },
    { path: `${folder}/icon.ts`, text: runtimeImport("@vscode/codicons/src/icons/account.svg"), breaks: [] },
  ];
}

function cycleSnippets(): Snippet[] {
  const breaks = ["suspicious/noImportCycles"];
  return [
    { path: "src/platform/one.ts", text: 'import { two } from "./two.ts";\nexport const one = () => two();\n', breaks },
    { path: "src/platform/two.ts", text: 'import { one } from "./one.ts";\nexport const two = () => one();\n', breaks },
    { path: "src/codex/a.ts", text: 'import type { B } from "./b.ts";\nexport type A = B[];\n', breaks },
    { path: "src/codex/b.ts", text: 'import type { C } from "./c.ts";\nexport type B = C[];\n', breaks },
    { path: "src/codex/c.ts", text: 'import type { A } from "./a.ts";\nexport type C = A | string;\n', breaks },
  ];
}

function promiseSnippets(): Snippet[] {
  const store =
    "export interface Store {\n  save(): Promise<void>;\n}\nexport async function work(): Promise<void> {}\n";
  const use = (statement: string) => `import { type Store, work } from "./store.ts";

export class Owner {
  readonly #store: Store;
  constructor(store: Store) {
    this.#store = store;
  }
  use(event: { on(listener: () => void): void }): number {
    event.on(() => {});
    ${statement}
    return 1;
  }
  async run(): Promise<void> {
    await work();
    await this.#store.save();
  }
}
`;
  const [floating, misused] = ["nursery/noFloatingPromises", "nursery/noMisusedPromises"];
  const statements: readonly (readonly [string, string | undefined])[] = [
    ["work();", floating],
    ["this.run();", floating],
    ["this.#store.save();", floating],
    ["work().then(() => {});", floating],
    ["void this.#store.save();", undefined],
    ["work().catch(() => {});", undefined],
    ["if (this.#store.save()) return 2;", misused],
    ["event.on(async () => {});", misused],
    ["event.on(() => void this.run());", undefined],
  ];
  return [
    { path: "src/platform/store.ts", text: store, breaks: [] },
    ...statements.map(([statement, rule], index) => ({
      path: `src/platform/use${index}.ts`,
      text: use(statement),
      breaks: rule ? [rule] : [],
    })),
  ];
}

function sizeSnippets(): Snippet[] {
  const inFile = ["style/noExcessiveLinesPerFile"];
  const inFunction = ["complexity/noExcessiveLinesPerFunction"];
  const inBranches = ["complexity/noExcessiveCognitiveComplexity"];
  const folders = ["test/panel", "scripts", "bench"].flatMap((folder) => [
    { path: `${folder}/file300.ts`, text: fileOf(300), breaks: [] },
    { path: `${folder}/file301.ts`, text: fileOf(301), breaks: inFile },
    { path: `${folder}/function60.ts`, text: functionOf(60), breaks: [] },
    { path: `${folder}/function61.ts`, text: functionOf(61), breaks: inFunction },
    { path: `${folder}/branches15.ts`, text: branches(15), breaks: [] },
    { path: `${folder}/branches16.ts`, text: branches(16), breaks: inBranches },
  ]);
  return [
    ...folders,
    { path: "src/platform/file301.ts", text: fileOf(301), breaks: inFile },
    { path: "webview-ui/src/file301.ts", text: fileOf(301), breaks: inFile },
    { path: "test/unit/file301.test.ts", text: fileOf(301), breaks: inFile },
    { path: "test/unit/function61.test.ts", text: functionOf(61), breaks: [] },
    { path: "test/unit/branches16.test.ts", text: branches(16), breaks: inBranches },
  ];
}

const keySnippets: readonly Snippet[] = [
  {
    path: "src/platform/keys.ts",
    text: "export const known = (key: string, table: object) => key in table;\n",
    breaks: ["plugin"],
  },
];

/** Lints files with the project's rules, away from the project; returns the rules that each of them breaks. */
function lint(folder: string, snippets: readonly Snippet[]): Map<string, string[]> {
  const config = parse(readFileSync(projectPath("biome.jsonc"), "utf8"));
  delete config.$schema;
  config.vcs = { enabled: false };
  for (const override of config.overrides)
    override.plugins = override.plugins?.map((path: string) => projectPath(path));
  writeFileSync(join(folder, "biome.json"), JSON.stringify(config));
  for (const { path, text } of snippets) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const biome = projectPath("node_modules", ".bin", "biome");
  const { stdout, stderr } = spawnSync(biome, ["lint", "--reporter=json", "--max-diagnostics=none"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === "win32",
  });
  assert.notEqual(stdout, "", stderr);
  const broken = new Map<string, string[]>();
  for (const { category, location } of JSON.parse(stdout).diagnostics) {
    const path = location.path.replaceAll("\\", "/");
    broken.set(path, [...(broken.get(path) ?? []), category.replace(/^lint\//, "")]);
  }
  return broken;
}

/** A rule that does not bite looks like clean code; these tests notice. */
describe("The linter", () => {
  const subjects: readonly (readonly [string, readonly Snippet[]])[] = [
    ["every import that goes up or sideways", layerSnippets()],
    ["every import of the panel but that of src/shared", panelSnippets()],
    ["circles of imports, also of types", cycleSnippets()],
    ["promises that nobody handles, or that are taken for something else", promiseSnippets()],
    ["long files, long functions and intricate functions", sizeSnippets()],
    ["objects that are asked for a key from outside", keySnippets],
  ];
  const folder = temporaryDirectory();
  let broken: Map<string, string[]>;
  before(() => {
    broken = lint(
      folder.path,
      subjects.flatMap(([, snippets]) => snippets),
    );
  });
  after(() => folder.remove());

  for (const [subject, snippets] of subjects) {
    it(`reports ${subject}, and nothing else`, () => {
      assert.ok(snippets.length > 0);
      for (const { path, breaks } of snippets) assert.deepEqual(broken.get(path) ?? [], breaks, path);
    });
  }
});
