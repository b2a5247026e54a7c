// The least that signs in: the same two calls with fetch (or Node's http), and nothing else. Its parent is the browser.
// Where BARE is `kept`, what they bring is also kept in the least way: one lock, one read, one write.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileLock } from "../../src/platform/lock.ts";
import { LaterSecrets } from "./laterSecrets.ts";

const issuer = process.env.ISSUER ?? "";
const client = "app_EMoamEEZ73f0CkXaXp7hrann";
const redirectUri = "http://localhost:1455/auth/callback";
const post = process.env.BARE === "http" ? postWithHttp : postWithFetch;

const folder = process.env.BARE === "kept" ? mkdtempSync(join(tmpdir(), "chatgpt-sign-in-")) : undefined;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const lock = folder === undefined ? undefined : createFileLock(folder, quiet);
const secrets = new LaterSecrets({ reliable: true });

async function keep(tokens: Record<string, string>): Promise<void> {
  await lock?.hold("account", async () => {
    await secrets.get("credential");
    await secrets.store("credential", JSON.stringify(tokens));
  });
}

async function postWithFetch(form: Record<string, string>): Promise<Record<string, string>> {
  const response = await fetch(`${issuer}/oauth/token`, { method: "POST", body: new URLSearchParams(form) });
  return (await response.json()) as Record<string, string>;
}

function postWithHttp(form: Record<string, string>): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const body = new URLSearchParams(form).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": body.length };
    const outgoing = request(`${issuer}/oauth/token`, { method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(JSON.parse(text)));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function signIn(): Promise<void> {
  const verifier = randomBytes(64).toString("base64url");
  const state = randomBytes(32).toString("base64url");
  const server = createServer(async (incoming, response) => {
    const { searchParams } = new URL(incoming.url ?? "", "http://localhost");
    if (searchParams.get("state") !== state) return response.end();
    const tokens = await post({
      grant_type: "authorization_code",
      code: searchParams.get("code") ?? "",
      redirect_uri: redirectUri,
      client_id: client,
      code_verifier: verifier,
    });
    await keep(tokens);
    process.send?.({ signedIn: true });
    const key = await post({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      client_id: client,
      requested_token: "openai-api-key",
      subject_token: tokens.id_token ?? "",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
    });
    if (!key.access_token) throw new Error("no key came");
    process.send?.({ shown: true });
    response.setHeader("connection", "close").end("done", () => server.close());
    server.closeIdleConnections();
  });
  await new Promise<void>((resolve) => server.listen(1455, "127.0.0.1", resolve));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client,
    redirect_uri: redirectUri,
    scope: "openid profile email offline_access",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state,
  });
  process.send?.({ url: `${issuer}/oauth/authorize?${query}` });
}

process.on("message", (message: string) => {
  if (message === "end") {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    process.exit();
  }
  void signIn();
});
process.send?.({ ready: true });
