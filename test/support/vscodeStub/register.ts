// Lets plain Node import what imports `vscode`: the stub beside this file stands for it. To be imported before that.
import { registerHooks } from "node:module";

const stub = new URL("./vscode.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === "vscode" ? { url: stub, shortCircuit: true } : nextResolve(specifier, context),
});
