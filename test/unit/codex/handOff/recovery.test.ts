import assert from "node:assert/strict";
import { HandOffRecovery, type HandOffRecoveryDependencies } from "../../../../src/codex/handOff/recovery.ts";

describe("Hand-offs that a crash has cut off", () => {
  it("are settled when a window opens that has read them already, each once, and no other account is locked", async () => {
    const credentials = new Map<string, { handOff?: object }>([
      ["one", { handOff: { codexHome: "/home/me/.codex" } }],
      ["other", {}],
    ]);
    const held: string[] = [];
    let change = () => {};
    const fakes = {
      accounts: {
        state: { accounts: [...credentials.keys()].map((id) => ({ id })) },
        entry: (id: string) => ({ credential: credentials.get(id) }),
        reread: async () => undefined,
        onDidChange: (listener: () => void) => {
          change = listener;
          return { dispose() {} };
        },
      },
      lock: {
        hold: async (name: string, work: () => Promise<void>) => {
          held.push(name);
          await work();
        },
      },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    };
    const recovery = new HandOffRecovery(fakes as unknown as HandOffRecoveryDependencies);
    assert.deepEqual(held, ["one"]);
    change();
    assert.deepEqual(held, ["one"], "it is being settled");
    await recovery.dispose();
  });
});
