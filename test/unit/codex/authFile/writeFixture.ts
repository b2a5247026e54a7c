import assert from "node:assert/strict";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ReadFile, readAuthFile } from "../../../../src/codex/authFile/read.ts";
import { canary, current, jwt, tokens } from "./authTexts.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** The content of an auth.json before it is written. */
export const old = JSON.stringify(current, null, 2);

/** What a refresh brings. */
export const update = {
  idToken: jwt({ n: 2 }),
  accessToken: jwt({ n: 3 }),
  refreshToken: "rt.new",
  refreshedAt: 1_790_000_000_000,
};

/** A login of ours. */
export const login = {
  idToken: tokens.id_token,
  accessToken: tokens.access_token,
  refreshToken: canary.refresh,
  workspaceId: "acc-ours",
  refreshedAt: 1_790_000_000_000,
};

/** An auth.json in a folder of each test. Registers its own hooks in the surrounding suite. */
export function useAuthFile() {
  const folder = temporaryFolder();
  const path = () => join(folder(), "auth.json");
  const text = (at = path()) => readFile(at, "utf8");
  const mode = async (at = path()) => (await stat(at)).mode & 0o777;
  return { folder, path, text, mode };
}

export async function readOf(path: string): Promise<ReadFile> {
  const read = await readAuthFile(path);
  assert.ok(read.status === "read", read.status);
  return read;
}

export function fault(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error("injected"), { code }));
}

/** An `open` whose files fail in one call, after having written half of what they were given. */
export function failing(method: "writeFile" | "sync" | "close", code: string): typeof open {
  return async (...args) => {
    const file = await open(...args);
    const original = file[method].bind(file) as (content?: string) => Promise<void>;
    Object.assign(file, {
      [method]: async (content?: string) => {
        if (method === "writeFile") await original(content?.slice(0, content.length / 2));
        else if (method === "close") await original();
        return fault(code);
      },
    });
    return file;
  };
}
