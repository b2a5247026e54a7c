import assert from "node:assert/strict";
import type { Secret } from "../issuer/types.ts";
import { installPlanter } from "../support/leaks/recorder.ts";
import { demoAccount } from "../support/loginPage.ts";
import { signInFromPalette, useVscodeWithIssuer } from "../support/signInJourney.ts";
import { eventually, patience } from "../support/timing.ts";

/** Every place where planter.cjs lets a token out. */
const planted = [
  "a message from a frame",
  "a message from the panel",
  "a message to a frame",
  "a message to the panel",
  "address: /planted/page",
  "global state",
  "requested: /planted/usage",
  "served: /planted/usage",
  "the console of the extension host",
  "the log before it is redacted",
  "the logs",
  "the settings",
  "the state of the workbench",
  "what is on the screen",
];

/** The panel's messages to the extension have the token in them, once it is known. */
const leakyPage = `if (window !== window.top) {
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message, ...rest) {
    if (message?.channel === "onmessage") message.data.message.planted = globalThis.planted;
    return postMessage.call(this, message, ...rest);
  };
}`;

describe("the hunt for leaks", () => {
  let secrets: () => readonly Secret[] = () => [];
  const { vscode, issuer } = useVscodeWithIssuer(() => ({
    ownServer: {},
    hunted: { secrets: () => secrets(), leaksAreExpected: true },
  }));
  before(() => installPlanter(vscode.server.extensionsDir));

  it("finds a token in each place to which an extension lets it out", async () => {
    secrets = () =>
      issuer()
        .secrets()
        .filter(({ kind }) => kind === "access_token" || kind === "id_token");
    await vscode.person.addInitScript({ content: leakyPage });
    const workbench = await vscode.openWorkbench();
    await (await signInFromPalette(workbench)).close();
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview(`text=${demoAccount.email}`);
    const [token] = secrets();
    assert.ok(token);
    // As the page's own script does.
    await panel.parentFrame()?.evaluate(`globalThis.planted = ${JSON.stringify(token.value)}`);
    await panel.getByRole("button", { name: "Refresh", exact: true }).click();
    await eventually(async () => {
      await vscode.hunt().look();
      const places = new Set(vscode.hunt().leaks.map(({ place }) => place));
      const missing = planted.filter((place) => !places.has(place));
      assert.deepEqual(missing, []);
      assert.ok(
        [...places].some((place) => /^the file .*planted\.db$/.test(place)),
        "the file",
      );
    }, patience);
  });
});
