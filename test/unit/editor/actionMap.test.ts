import assert from "node:assert/strict";
import manifest from "../../../package.json" with { type: "json" };
import texts from "../../../package.nls.json" with { type: "json" };
import { type ActionRequest, createActions } from "../../../src/editor/actions.ts";
import type { Activity } from "../../../src/editor/activity.ts";
import { commandLink } from "../../../src/editor/vscode/commandLinks.ts";
import { commandIds, commandOf, paletteIds, panelActionIds } from "../../../src/shared/actionIds.ts";
import { intentSchema } from "../../../src/shared/panelProtocol.ts";
import { resetVscode, state } from "../../support/vscodeStub/stub.ts";

/** Each action, what it runs as in the log (none: a failure is up to who runs it), and what it calls. */
const actions: readonly [ActionRequest, string | undefined, string][] = [
  ["signIn", undefined, "signInActions.signIn()"],
  ["addAccount", undefined, 'signInActions.signIn({"chooseAccount":true})'],
  [{ type: "signInWith", flow: "paste" }, undefined, 'signInActions.signInWith("paste")'],
  ["signInWithBrowser", undefined, 'signInActions.signInWith("browser")'],
  ["signInWithDeviceCode", undefined, 'signInActions.signInWith("deviceCode")'],
  ["pasteSignInLink", undefined, 'signInActions.signInWith("paste")'],
  ["copySignInLink", undefined, "surface.copyLink()"],
  ["copyDeviceCode", undefined, "surface.copyDeviceCode()"],
  ["openDevicePage", undefined, "surface.openDevicePage()"],
  ["cancelSignIn", undefined, "signIn.cancel()"],
  ["switchAccount", undefined, "pickAccount()"],
  [{ type: "useAccount", id: "a" }, "Switching the account", 'accountActions.use("a")'],
  ["signOut", "Signing out, signOut", "accountActions.signOut()"],
  [{ type: "signOutAccount", id: "a" }, "Signing out, signOut", 'accountActions.signOut("a")'],
  ["readAccounts", "Reading the accounts", "accountActions.read()"],
  ["refresh", "Refreshing, refresh", "accountActions.refresh()"],
  ["retryDerivedKey", "Creating an API key, derivedKey", "accountActions.retryDerivedKey()"],
  ["openPlatform", undefined, "accountActions.openPlatform()"],
  ["importFromCodex", "Importing from the Codex CLI, codex", "codexImport.run()"],
  ["exportToCodex", "Exporting to the Codex CLI, codex", "codexExport.run()"],
  ["setApiKey", "Setting the API key, ownKey", "ownKeyActions.set()"],
  ["adoptEnvironmentKey", "Using the environment's API key, ownKey", "ownKeyActions.adoptFromEnvironment()"],
  ["removeApiKey", "Removing the API key, ownKey", "ownKeyActions.remove()"],
  ["readUsage", undefined, "usage.update()"],
  [{ type: "forgetExtension", row: "r" }, undefined, 'consumers.forget("r")'],
  [{ type: "blockExtension", row: "r" }, undefined, 'consumers.block("r")'],
  ["reviewEndpoints", undefined, "review.review()"],
  ["openSettings", undefined, "panel.show()"],
  ["showMenu", undefined, "showMenu()"],
  ["showLog", undefined, "showLog()"],
  ["allowChatWithoutGitHub", undefined, "allowChatWithoutGitHub()"],
];

describe("The map of actions", () => {
  let calls: string[];
  let ran: string | undefined;
  let run: ReturnType<typeof createActions>;

  beforeEach(() => {
    resetVscode();
    calls = [];
    ran = undefined;
    const note =
      (name: string) =>
      (...args: unknown[]) =>
        void calls.push(`${name}(${args.map((arg) => JSON.stringify(arg)).join()})`);
    const dependencies = new Proxy({} as Parameters<typeof createActions>[0], {
      get: (_target, name) =>
        name === "activity"
          ? ({
              run: async (what: string, work: () => unknown, busy?: string) => {
                ran = [what, ...(busy ? [busy] : [])].join(", ");
                return work();
              },
            } as unknown as Activity)
          : new Proxy(note(String(name)), { get: (_of, method) => note(`${String(name)}.${String(method)}`) }),
    });
    run = createActions(dependencies);
  });

  for (const [request, what, call] of actions) {
    it(`does ${JSON.stringify(request)}, and answers nothing`, async () => {
      const answer: unknown = await run(request);
      assert.deepEqual([calls, ran, answer], [[call], what, undefined]);
    });
  }

  it("opens the settings, of which a request names none", async () => {
    await run("openEndpointSettings");
    assert.deepEqual(state.commands, [{ name: "workbench.action.openSettings", args: ["@id:chatgptSignIn.*"] }]);
  });

  it("switches the mode", async () => {
    await run({ type: "setAuthMode", authMode: "chatgpt" });
    assert.deepEqual(
      state.written.map(({ name, value }) => [name, value]),
      [["chatgptSignIn.authMode", "chatgpt"]],
    );
  });

  it("has every command of package.json, and package.json every command of the palette", () => {
    const listed = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(listed.toSorted(), paletteIds.map(commandOf).toSorted());
  });

  it("names in package.json's menus, walkthrough and links no command that is not there", () => {
    const known = commandIds.map(commandOf);
    const { commands: _listed, configuration: _settings, ...rest } = manifest.contributes;
    const named = [
      ...JSON.stringify([rest, texts]).matchAll(/"command":"(chatgptSignIn\.\w+)|command:(chatgptSignIn\.\w+)/g),
    ];
    assert.ok(named.length > 5);
    for (const [, menu, link] of named) assert.ok(known.includes(menu ?? link ?? ""), menu ?? link);
    assert.equal(commandLink("Open", "openDevicePage", "proof"), "[Open](command:chatgptSignIn.openDevicePage)");
  });

  it("is open to the panel only where the panel offers it", () => {
    for (const type of panelActionIds) assert.ok(intentSchema.safeParse({ type }).success, type);
    const others = commandIds.filter((id) => !(panelActionIds as string[]).includes(id));
    assert.ok(others.length > 3);
    for (const type of others) assert.ok(!intentSchema.safeParse({ type }).success, type);
  });
});
