// Acts as the program "codex": `fakeCodex.ts <behaviour> <report> app-server`. Writes its process ids and what it
// was sent to the report, a line each.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [behaviour, report = "", subcommand] = process.argv.slice(2);
const note = (line: string) => appendFileSync(report, `${line}\n`);
const say = (message: object, end = "\n") => process.stdout.write(JSON.stringify(message) + end);
const later = (ms: number, action: () => void) => setTimeout(action, ms);

// As the Codex CLI from npm: a script whose child does the work, here one that will not end by itself and holds the
// output.
const grandchild = spawn("sleep", ["1000"], { stdio: ["ignore", "inherit", "inherit"] });
note(`pid ${process.pid}`);
note(`pid ${grandchild.pid}`);
note(`cwd ${process.cwd()}`);
process.stderr.write(`canaryStderr ${"x".repeat(200_000)}\n`);
if (subcommand !== "app-server") process.exit(64);

const account = { type: "chatgpt", email: "ada@example.com", planType: "plus", workspaceName: null };
const initialized = { userAgent: "chatgpt-sign-in/0.169.0 (Linux)", codexHome: "/x" };

const token = (id: number) => say({ id, result: { authMethod: "chatgpt", authToken: "canaryToken" } });

const answers: Readonly<Record<string, (id: number, method: string) => unknown>> = {
  right(id, method) {
    if (method === "account/read") say({ id, result: { account, requiresOpenaiAuth: true } });
    else if (method === "getAuthStatus") token(id);
    else if (method === "account/login/start") {
      say({
        id,
        result: { type: "chatgpt", loginId: "l1", authUrl: "https://auth.openai.com/oauth/authorize?state=s" },
      });
      later(50, () =>
        say({ method: "account/login/completed", params: { loginId: "l1", success: true, error: null } }),
      );
    }
  },
  greets: (id, method) => answers.right?.(id, method),
  talksMuch: (id, method) => answers.right?.(id, method),
  signedOut(id, method) {
    say({ id, result: method === "account/read" ? { account: null } : { authMethod: null, authToken: null } });
  },
  apiKey: (id) => say({ id, result: { authMethod: "apikey", authToken: "canaryKey" } }),
  tokenWithLineBreak: (id) => say({ id, result: { authMethod: "chatgpt", authToken: "a\r\nX-Evil: 1" } }),
  hangAfterInitialize: () => undefined,
  dieAfterInitialize: () => process.exit(0),
  methodNotFound: (id) => say({ id, error: { code: -32601, message: "canary" } }),
  unknownVariant: (id, method) =>
    say({ id, error: { code: -32600, message: `Invalid request: unknown variant \`${method}\`, expected one of` } }),
  refused: (id) => say({ id, error: { code: -32603, message: "canary: refresh token was already used" } }),
  wrongTypes: (id) => say({ id, result: { account: "canary", authMethod: [], loginId: 1 } }),
  resultNull: (id) => say({ id, result: null }),
  rubbishAfterInitialize: () => process.stdout.write("canary: panicked at main.rs\n"),
  withoutNewline(id, method) {
    if (method === "account/read") return say({ id, result: { account } });
    say({ id, result: { authMethod: "chatgpt", authToken: "canaryToken" } }, "");
    later(50, () => process.exit(0));
  },
  inPieces(id, method) {
    if (method === "getAuthStatus") return token(id);
    const text = `\r\n{"method":"x/y","params":{}}\r\n{"id":99,"result":{}}\n${JSON.stringify({ id, result: { account } })}\n`;
    for (const [index, character] of [...text].entries()) later(index, () => process.stdout.write(character));
  },
  asksBack(id, method) {
    if (method === "getAuthStatus") token(id);
    else say({ id: "s1", method: "attestation/generate", params: {} });
  },
  savesLate(id, method) {
    if (method === "getAuthStatus") return token(id);
    later(behaviour === "savesVeryLate" ? 3000 : 1000, () => {
      note("saved");
      say({ id, result: { account } });
    });
  },
  savesVeryLate: (id, method) => answers.savesLate?.(id, method),
  loginFails(id) {
    say({ id, result: { loginId: "l1", authUrl: "http://localhost:1/x" } });
    later(50, () =>
      say({ method: "account/login/completed", params: { loginId: "l1", success: false, error: "canary" } }),
    );
  },
  loginDies(id) {
    say({ id, result: { loginId: "l1", authUrl: "https://auth.openai.com/" } });
    later(50, () => process.exit(1));
  },
  loginWaits: (id) => say({ id, result: { loginId: "l1", authUrl: "https://auth.openai.com/" } }),
  loginElsewhere: (id) => say({ id, result: { loginId: "l1", authUrl: "file:///etc/passwd" } }),
};

switch (behaviour) {
  case "hang":
    process.on("SIGTERM", () => undefined);
    setInterval(() => undefined, 1000);
    break;
  case "die":
    process.exit(3);
    break;
  case "usageError":
    process.exit(2);
    break;
  case "rubbish":
    process.stdout.write("canary: Hello, I am another program.\n");
    later(60_000, () => undefined);
    break;
  case "list":
    process.stdout.write("[1]\n");
    break;
  case "endless":
    setInterval(() => process.stdout.write("canary".repeat(10_000)), 1);
    break;
  case "silentHalfLine":
    process.stdout.write('{"id":1,');
    later(60_000, () => undefined);
    break;
  case "echo":
    process.stdin.pipe(process.stdout);
    break;
  default: {
    if (behaviour === "greets") process.stdout.write("Now using node v24\n\u001b[32mmise\u001b[0m is ready\n\n[1]\n");
    if (behaviour === "talksMuch") process.stdout.write("canary: another line\n".repeat(101));
    const lines = createInterface({ input: process.stdin });
    lines.on("close", () => process.exit(0));
    lines.on("line", (line) => {
      note(line);
      const { id, method, error } = JSON.parse(line);
      if (method === "initialize") say({ id, result: initialized });
      else if (id !== undefined && method) answers[behaviour ?? ""]?.(id, method);
      else if (error) say({ id: 2, result: { account } });
    });
  }
}
