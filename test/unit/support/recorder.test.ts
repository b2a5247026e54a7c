import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { type Note, readRecorder, writeRecorder } from "../../support/leaks/recorder.ts";
import { SecretSearch } from "../../support/leaks/secretForms.ts";
import { projectPath } from "../../support/projectRoot.ts";

/** The place in which each secret of leakyExtension.cjs is found. */
const places = {
  axios: "requested",
  fetched: "requested",
  logged: "the log before it is redacted",
  printed: "the console of the extension host",
  written: "the output of the extension host",
  kept: "global state",
  forgotten: "global state",
  local: "the state of a workspace",
  told: "a message to the panel",
  argued: "the arguments of a program",
  heard: "a message from the panel",
};
type Name = keyof typeof places;

describe("the recorder of an extension host", () => {
  const folder = temporaryDirectory();
  const secrets = Object.fromEntries(
    Object.keys(places).map((name) => [name, `sk-proj-${randomBytes(40).toString("base64url")}`]),
  ) as Record<Name, string>;
  let server: Server;
  let notes: Note[];
  let answer: unknown;

  before(async () => {
    server = createServer((_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const file = join(folder.path, "extension.cjs");
    const notesFolder = join(folder.path, "notes");
    writeRecorder(file, { folder: notesFolder, main: projectPath("test", "unit", "support", "leakyExtension.cjs") });
    mkdirSync(join(folder.path, "node_modules", "vscode"), { recursive: true });
    writeFileSync(
      join(folder.path, "host.cjs"),
      `const vscode = { window: { createWebviewPanel: () => ({ webview: {
         postMessage: async () => true,
         onDidReceiveMessage: (listener) => listener({ type: "paste", address: ${JSON.stringify(secrets.heard)} }),
       } }) } };
       const { Module } = require("node:module");
       const load = Module._load;
       Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
       const memento = { get: () => "value", keys: () => ["kept"], update: async () => {}, setKeysForSync() {} };
       const extension = ${JSON.stringify({ id: "ada.leaky", secrets, origin: originOf(server) })};
       const main = require("./extension.cjs");
       main.activate({ globalState: memento, workspaceState: memento, extension }).then((exported) => {
         require("node:fs").writeFileSync("answer.json", JSON.stringify([exported, main.deactivate()]));
       });`,
    );
    const recorder = readRecorder(notesFolder);
    const options = { cwd: folder.path, env: { ...process.env, NODE_NO_WARNINGS: "1" } };
    await promisify(execFile)(process.execPath, ["host.cjs"], options);
    notes = recorder.read();
    answer = (await import(`file://${join(folder.path, "answer.json")}`, { with: { type: "json" } })).default;
  });
  after(async () => {
    server.close();
    await folder.remove();
  });

  for (const [name, place] of Object.entries(places))
    it(`notes what is ${name}, in ${place}`, () => {
      const secret = { kind: "derived_key" as const, value: secrets[name as Name] };
      const found = notes
        .filter(({ text }) => new SecretSearch([secret]).kindsIn(text).length > 0)
        .map((note) => note.place);
      assert.ok(found.includes(place), JSON.stringify(found));
      // What goes to the console may go on to the output.
      assert.ok(
        [place, "the output of the extension host"].some((one) => one === found.at(-1)),
        String(found),
      );
    });

  it("changes nothing of what the extension gives and gets", () => {
    assert.deepEqual(answer, [{ kept: "value", keys: ["kept"], id: "ada.leaky" }, "deactivated"]);
  });

  it("reads what is new, and a line only when it is whole", () => {
    const path = join(folder.path, "notes");
    const recorder = readRecorder(path);
    assert.deepEqual(recorder.read(), []);
    const file = join(path, "1.jsonl");
    appendFileSync(file, '{"place":"a","text":"ä1"}\n{"place":"b",');
    assert.deepEqual(recorder.read(), [{ place: "a", text: "ä1" }]);
    assert.deepEqual(recorder.read(), []);
    appendFileSync(file, '"text":"2"}\n');
    assert.deepEqual(recorder.read(), [{ place: "b", text: "2" }]);
  });
});

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
