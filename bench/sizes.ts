import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectPath } from "../test/support/projectRoot.ts";
import { packagedExtension } from "../test/support/vsix.ts";
import { kilobytes, type Row } from "./table.ts";

/** The bytes of code that VS Code evaluates at activation: the entry point and what it requires at once. */
export function activationBytes(): number {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const code = readFileSync(join(projectPath("dist"), file), "utf8");
    // What is needed at once is required in a declaration at the top level.
    for (const [, piece = ""] of code.matchAll(/(?:^|[;,{]|var |const )\w+=require\("\.\/([^"]+)"\)/g)) visit(piece);
  };
  visit("extension.cjs");
  return [...seen].reduce((sum, file) => sum + statSync(join(projectPath("dist"), file)).size, 0);
}

export function benchSizes(): Row[] {
  const package_ = statSync(packagedExtension()).size;
  const activation = activationBytes();
  return [
    { what: "size of the .vsix", ours: kilobytes(package_), floor: "", value: package_ / 1024, limit: 400 },
    { what: "code loaded at activation", ours: kilobytes(activation), floor: "", value: activation / 1024, limit: 25 },
  ];
}
