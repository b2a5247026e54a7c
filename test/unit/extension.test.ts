import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import manifest from "../../package.json" with { type: "json" };
import { commandLink } from "../../src/editor/vscode/commandLinks.ts";
import { commandOf, ownLinkIds, paletteIds } from "../../src/shared/actionIds.ts";
import { unexpectedSentence } from "../../src/shared/words.ts";
import { answer, called, composedOf, failing, lines, registered } from "../support/extensionStub.ts";
import { resetVscode, sentences } from "../support/vscodeStub/stub.ts";

const stub = new URL("../support/extensionStub.ts", import.meta.url).href;
const replaced = [
  "vscode",
  "./composition.ts",
  "./editor/sessions/authenticationProvider.ts",
  "./editor/chat/register.ts",
  "./editor/vscode/contextKeys.ts",
  "./editor/status/statusBar.ts",
];

/** The consent that was given while the setting was on. */
const memory = new Map<string, unknown>([["terminalConsent", "allowed"]]);

describe("The extension's commands", () => {
  before(async () => {
    const hooks = registerHooks({
      resolve: (specifier, context, next) =>
        context.parentURL?.endsWith("/src/extension.ts") && replaced.includes(specifier)
          ? { url: stub, shortCircuit: true }
          : next(specifier, context),
    });
    const { activate } = await import("../../src/extension.ts");
    const memento = {
      get: (key: string) => memory.get(key),
      update: async (key: string, value: unknown) => void memory.set(key, value),
    };
    const secrets = { onDidChange: () => ({ dispose() {} }) };
    activate({ globalState: memento, subscriptions: [], secrets } as never);
    // The services are loaded by the first command.
    await registered.get("chatgptSignIn.openSettings")?.();
    hooks.deregister();
  });

  it("are those of package.json, and the ones that are links of ours", () => {
    const listed = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(listed.toSorted(), paletteIds.map(commandOf).toSorted());
    for (const command of listed) assert.ok(registered.has(command), command);
    assert.deepEqual(
      [...registered.keys()].filter((command) => !listed.includes(command)).sort(),
      ["copyDeviceCode", "copySignInLink", "openDevicePage", "showMenu", "signInWithBrowser"].map(
        (name) => `chatgptSignIn.${name}`,
      ),
    );
  });

  it("run the action of that name, and answer nothing to whoever runs them", async () => {
    assert.ok(registered.size > 15);
    for (const [name, run] of registered) {
      called.length = 0;
      const result = await run(answer, "an argument");
      const id = name.replace("chatgptSignIn.", "");
      const isForOwnLinks = (ownLinkIds as string[]).includes(id);
      assert.deepEqual(called, isForOwnLinks ? [] : [{ path: "services.run", args: [id] }]);
      assert.equal(result, undefined, name);
    }
  });

  it("run for a link of ours, with nothing of its argument", async () => {
    for (const id of ownLinkIds) {
      called.length = 0;
      const [, name = "", query = ""] =
        /\(command:([\w.]+)\?(\S+)\)$/.exec(commandLink("Copy", id, composedOf.linkProof ?? "")) ?? [];
      await registered.get(name)?.(...JSON.parse(decodeURIComponent(query)));
      assert.deepEqual(called, [{ path: "services.run", args: [id] }]);
    }
  });

  it("tell whoever runs them nothing of a failure, and the person a sentence of ours", async () => {
    resetVscode();
    failing.error = Object.assign(new Error("canary"), { token: "canary" });
    try {
      for (const [name, run] of registered) assert.equal(await run(), undefined, name);
    } finally {
      delete failing.error;
    }
    assert.deepEqual(new Set(sentences()), new Set([unexpectedSentence()]));
    const ran = registered.size - ownLinkIds.length;
    assert.deepEqual([sentences().length, lines.length], [ran, ran]);
    assert.doesNotMatch(lines.join("\n"), /canary/);
  });

  it("come with the end of the consent for terminals: it is forgotten when the setting is found off", () => {
    assert.equal(memory.get("terminalConsent"), undefined);
  });
});
