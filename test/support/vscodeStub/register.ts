// Lets plain Node import modules that import `vscode`: they get the stub beside this file. Import this one first.
import { registerHooks } from "node:module";

const stub = new URL("./vscode.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === "vscode" ? { url: stub, shortCircuit: true } : nextResolve(specifier, context),
});
