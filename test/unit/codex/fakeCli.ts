#!/usr/bin/env node
// Acts as the Codex CLI, with a login: `fakeCli.ts BEHAVIOUR ISSUER app-server`. It keeps its login in
// $CODEX_HOME/auth.json (in the behaviour "keyring": in keyring.json, which only it reads) and refreshes it at the
// issuer. A behaviour "then…" is right the first time that it is asked for its login, and wrong from then on.
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [behaviour = "", issuer = ""] = process.argv.slice(2);
const home = process.env.CODEX_HOME ?? join(process.env.HOME ?? "", ".codex");
const store = join(home, behaviour === "keyring" ? "keyring.json" : "auth.json");
const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
const read = () => JSON.parse(readFileSync(store, "utf8"));
if (process.env.CODEX_HOME !== undefined && !existsSync(process.env.CODEX_HOME)) process.exit(1);
const statuses = join(home, "statuses");
const config = join(home, "config-in-force.json");

async function refresh(): Promise<void> {
  const login = read();
  const response = await fetch(new URL("/oauth/token", issuer), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
      grant_type: "refresh_token",
      refresh_token: login.tokens.refresh_token,
    }),
  });
  if (response.ok) {
    const tokens = { ...login.tokens, ...((await response.json()) as object) };
    writeFileSync(store, JSON.stringify({ ...login, tokens, last_refresh: new Date().toISOString() }, null, 2));
  }
}

async function answer(id: number, method: string, params: { refreshToken?: boolean }): Promise<void> {
  if (method === "initialize") say({ id, result: { userAgent: "chatgpt-sign-in/0.169.0" } });
  else if (method === "account/read") await readAccount(id, params);
  else if (method === "account/login/start") startLogin(id);
  else if (method === "config/read") readConfiguration(id);
  else if (method === "getAuthStatus") await readStatus(id);
}

async function readAccount(id: number, params: { refreshToken?: boolean }): Promise<void> {
  appendFileSync(join(home, "asked"), "refresh\n");
  if (behaviour === "hang") return;
  const mayRefresh = behaviour !== "lazy" && behaviour !== "needsSignIn";
  if (params.refreshToken && existsSync(store) && mayRefresh) await refresh();
  const account = { type: "chatgpt", email: "plus@example.com", planType: "plus" };
  say({ id, result: { account: behaviour === "needsSignIn" || !existsSync(store) ? null : account } });
}

function readConfiguration(id: number): void {
  if (behaviour === "tellsNoConfiguration") appendFileSync(statuses, "done\n");
  else if (behaviour === "failsAtConfiguration") say({ id, error: { code: -32603, message: "canary" } });
  else if (!existsSync(config)) say({ id, error: { code: -32601, message: "Method not found" } });
  else say({ id, result: { config: JSON.parse(readFileSync(config, "utf8")), origins: {} } });
}

async function readStatus(id: number): Promise<void> {
  const then = wrong[behaviour];
  if (!then) return tellToken(id);
  appendFileSync(statuses, "asked\n");
  if (readFileSync(statuses, "utf8") === "asked\n") return tellToken(id);
  await then(id);
  if (behaviour.endsWith("Hangs")) appendFileSync(statuses, "done\n");
}

function tellToken(id: number): void {
  const inStore = existsSync(store) ? (read().tokens?.access_token ?? null) : null;
  const authToken = process.env.CODEX_ACCESS_TOKEN ?? inStore;
  say({ id, result: { authMethod: authToken && "chatgpt", authToken } });
}

/** A token of another person in another ChatGPT workspace. */
function otherToken(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const auth = { chatgpt_account_id: "other-workspace", chatgpt_user_id: "other-user" };
  return `${encode({ alg: "none" })}.${encode({ exp: 4e9, "https://api.openai.com/auth": auth })}.c2ln`;
}

/** The same token, issued a minute before. */
function older(token: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const earlier = Buffer.from(JSON.stringify({ ...claims, iat: claims.iat - 60 })).toString("base64url");
  return [header, earlier, signature].join(".");
}

const other = (content: object) => writeFileSync(store, JSON.stringify(content), { mode: 0o600 });

const wrong: Readonly<Record<string, (id: number) => unknown>> = {
  thenHangs: () => undefined,
  thenDies: () => process.exit(1),
  thenIsTooOld: (id) => say({ id, error: { code: -32601, message: "Method not found" } }),
  thenRefuses: (id) => say({ id, error: { code: -32603, message: "canary" } }),
  thenTalksRubbish: () => process.stdout.write("Welcome to another program\n"),
  thenIsAnother: (id) => say({ id, result: { authMethod: "chatgpt", authToken: otherToken() } }),
  thenUsesAKey: (id) => say({ id, result: { authMethod: "apikey", authToken: "sk-canary" } }),
  thenIsSignedOut: (id) => say({ id, result: { authMethod: null, authToken: null } }),
  thenLogsOut(id) {
    rmSync(store, { force: true });
    tellToken(id);
  },
  thenLogsOutAndLies(id) {
    if (existsSync(store)) tellToken(id);
    rmSync(store, { force: true });
    say({ id, result: { authMethod: null, authToken: null } });
  },
  thenIsSwitched(id) {
    other({ OPENAI_API_KEY: "sk-switched-by-somebody-else" });
    say({ id, result: { authMethod: "apikey", authToken: null } });
  },
  async thenRefreshes(id) {
    await refresh();
    tellToken(id);
  },
  async thenRefreshesAndDies() {
    await refresh();
    process.exit(1);
  },
  async thenRefreshesAndHangs() {
    await refresh();
  },
  thenKeepsInKeyring(id) {
    const kept = join(home, "keyring.json");
    if (existsSync(store)) {
      writeFileSync(kept, readFileSync(store), { mode: 0o600 });
      rmSync(store);
    }
    const authToken = JSON.parse(readFileSync(kept, "utf8")).tokens.access_token;
    say({ id, result: { authMethod: "chatgpt", authToken } });
  },
  /** Uses an older login of the same account, which the keyring still had, and takes the file away. */
  thenKeepsAnOlderOne(id) {
    const kept = join(home, "older-token");
    if (existsSync(store)) writeFileSync(kept, older(read().tokens.access_token));
    rmSync(store, { force: true });
    say({ id, result: { authMethod: "chatgpt", authToken: readFileSync(kept, "utf8") } });
  },
  /** An account switcher brings an older login of the same account, which the Codex CLI then has. */
  thenIsSwitchedToAnOlderOne(id) {
    const { tokens } = read();
    const switched = { access_token: older(tokens.access_token), refresh_token: "rt.of-an-old-copy" };
    other({ auth_mode: "chatgpt", tokens: { ...tokens, ...switched } });
    tellToken(id);
  },
  /** Uses another person's login, which the keyring still had, and takes the file away. */
  thenKeepsAnothers(id) {
    rmSync(store, { force: true });
    say({ id, result: { authMethod: "chatgpt", authToken: otherToken() } });
  },
  thenWritesAnotherForm(id) {
    if (existsSync(store)) other({ auth_mode: "chatgpt-2", login: read().tokens, tokens: null });
    tellToken(id);
  },
  /** Uses a key that is beside the login. */
  thenUsesAKeyBesideIt(id) {
    if (existsSync(store)) other({ auth_mode: "apikey", OPENAI_API_KEY: "sk-beside-it", tokens: read().tokens });
    say({ id, result: { authMethod: "apikey", authToken: null } });
  },
  thenRewrites(id) {
    other({ tokens: read().tokens, auth_mode: "chatgpt", written_by: "the CLI" });
    tellToken(id);
  },
};

/** Signs in as the real one does: listens for the callback, redeems the code and saves the login. */
function startLogin(id: number): void {
  const verifier = randomBytes(64).toString("base64url");
  const state = randomBytes(32).toString("base64url");
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://127.0.0.1:1455");
    if (url.searchParams.get("state") !== state) return void response.writeHead(400).end();
    void redeem(url.searchParams.get("code") ?? "").then((success) => {
      response.writeHead(200, { connection: "close" }).end("Signed in to Codex");
      server.close();
      say({ method: "account/login/completed", params: { loginId: "l1", success, error: null } });
    });
  });
  const redirectUri = "http://127.0.0.1:1455/auth/callback";
  const redeem = async (code: string) => {
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    const response = await fetch(new URL("/oauth/token", issuer), { method: "POST", body });
    const login = { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens: await response.json() };
    if (response.ok) writeFileSync(store, JSON.stringify(login, null, 2), { mode: 0o600 });
    return response.ok;
  };
  server.listen(1455, "127.0.0.1", () => {
    const authUrl = new URL("/oauth/authorize", issuer);
    const parameters = {
      response_type: "code",
      client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
      redirect_uri: redirectUri,
      scope: "openid profile email offline_access",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      state,
    };
    for (const [name, value] of Object.entries(parameters)) authUrl.searchParams.set(name, value);
    say({ id, result: { type: "chatgpt", loginId: "l1", authUrl: authUrl.href } });
  });
}

if (behaviour === "greets") process.stdout.write("Now using node v24\n\u001b[32mmise\u001b[0m ready\n\n");
const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit(0));
lines.on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id !== undefined) void answer(id, method, params ?? {});
});
