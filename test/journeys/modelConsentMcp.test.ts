import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers } from "../fakeApi/answers.ts";
import { ChatView } from "../support/chatView.ts";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { projectPath } from "../support/projectRoot.ts";
import { type Service, startService } from "../support/service.ts";
import { signInFromPalette } from "../support/signInJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import { trustedHost, useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

const question = "Allow VS Code's own features, such as MCP sampling, to use your ChatGPT plan?";

describe("an MCP server that asks VS Code for a model", () => {
  const folder = temporaryDirectory();
  const file = join(folder.path, "answers");
  let service: Service;
  const vscode = useVscode(async () => {
    service = await startService({ host: trustedHost });
    return {
      settings: { ...service.settings, "chat.allowAnonymousAccess": true },
      ownServer: { chat: true },
      hunted: { secrets: () => service.issuer.secrets() },
    };
  });
  after(async () => {
    await service?.close();
    await folder.remove();
  });

  const sent = () => service.fakeApi.responses.length;
  const said = (): unknown[] =>
    existsSync(file) ? JSON.parse(`[${readFileSync(file, "utf8").trim().replaceAll("\n", ",")}]`) : [];

  /** Starts the server, which asks at once, and resolves with all that it was told so far. */
  async function run(workbench: Workbench, start: "Start Server" | "Restart Server", answer?: string) {
    const before = said().length;
    await workbench.runCommand("MCP: List Servers");
    await workbench.pick("sampler");
    await workbench.pick(start);
    if (start === "Start Server")
      await workbench.pressNotificationButton("language model call", "Allow in this Session");
    if (answer !== undefined) await workbench.answerDialog(question, answer);
    return eventually(() => {
      assert.equal(said().length, before + 1);
      return String(said().at(-1));
    }, patience);
  }

  it("is refused and asked about again as VS Code's own feature, and Chat is served all the while", async () => {
    service.fakeApi.usually(() => answers.text("Hello from the plan."));
    const server = { command: process.execPath, args: [projectPath("test", "support", "samplingServer.mjs"), file] };
    writeFileSync(
      join(vscode.server.userDataDir, "User", "mcp.json"),
      JSON.stringify({ servers: { sampler: server } }),
    );
    const workbench = await vscode.openWorkbench();
    await (await signInFromPalette(workbench)).close();
    await ChatView.setUp(workbench);
    const chat = await ChatView.open(workbench);
    await chat.pickModel("GPT-5.5");

    assert.match(await run(workbench, "Start Server", "Don't Allow"), /You didn't allow/);
    assert.match(await run(workbench, "Restart Server"), /You didn't allow/);
    assert.equal(sent(), 0);
    await chat.ask("Hello?");
    await chat.awaitAnswer("Hello from the plan.");
    await chat.idle();
    assert.equal(await workbench.dialog.count(), 0);
    const before = sent();

    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview("text=Extension access to models");
    await panel.getByRole("button", { name: /^Remove: VS Code's own features, such as MCP sampling/ }).click();
    assert.equal(await run(workbench, "Restart Server", "Allow"), "Hello from the plan.");
    assert.equal(sent(), before + 1);
  });
});
