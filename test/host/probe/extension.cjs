/** Hands its own `vscode` out: what a test does with it, VS Code takes for the doing of another extension. */
exports.activate = () => require("vscode");
