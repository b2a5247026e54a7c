import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { launchBrowser, newPerson } from "../support/browser.ts";
import { type CodeServer, startCodeServer } from "../support/codeServer.ts";
import { eventually } from "../support/timing.ts";
import { packagedExtension } from "../support/vsix.ts";
import { Workbench } from "../support/workbench.ts";

describe("the packaged extension", () => {
  let server: CodeServer;
  let browser: Browser;
  before(async () => {
    [server, browser] = await Promise.all([startCodeServer({ vsix: packagedExtension() }), launchBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it("is in the palette under its title once installed", async () => {
    const workbench = await Workbench.open(await newPerson(browser), server);
    await eventually(async () => {
      const entries = await workbench.paletteEntries("ChatGPT: ");
      assert.ok(entries.includes("ChatGPT: Sign in with ChatGPT"), `The palette offers ${JSON.stringify(entries)}`);
    }, 30_000);
  });
});
