import { type ChildProcess, fork } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { loginByHttp } from "../test/issuer/login.ts";
import { temporaryDirectory } from "../test/support/cleanUp.ts";
import { projectPath } from "../test/support/projectRoot.ts";
import { median, ms, type Row } from "./table.ts";

const coldSamples = 11;
const warmSamples = 25;

interface Times {
  /** From the callback's request to the credential being shown, the derived key included; ms. */
  shown: number;
  signedIn: number;
}

/**
 * Our own time in a sign-in: from the browser's request to the callback until the credential is shown, against a bare
 * script that makes the same two calls. Both take turns against one issuer, which runs in another process.
 */
export async function benchSignIn(): Promise<Row[]> {
  const folder = temporaryDirectory();
  await build({
    absWorkingDir: projectPath(),
    entryPoints: { ours: "bench/programs/ours.ts", bare: "bench/programs/bare.ts" },
    outdir: folder.path,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  const issuer = fork(projectPath("test", "issuer", "serve.ts"), { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const origin = await firstLine(issuer);
  const start = ([program, bare]: readonly [string, string]) =>
    startProgram(join(folder.path, `${program}.mjs`), { ISSUER: origin, BARE: bare });
  const kinds = [
    ["ours", ""],
    ["bare", "fetch"],
    ["bare", "http"],
    ["bare", "kept"],
  ] as const satisfies (readonly [string, string])[];
  const cold: Times[][] = [[], [], [], []];
  const warm: Times[][] = [[], [], [], []];
  try {
    for (let sample = 0; sample < coldSamples; sample += 1) {
      for (const [index, kind] of kinds.entries()) {
        const program = await start(kind);
        cold[index]?.push(await signInOnce(program));
        await end(program);
      }
    }
    const programs = [];
    for (const kind of kinds) programs.push(await start(kind));
    for (let sample = -5; sample < warmSamples; sample += 1) {
      for (const [index, program] of programs.entries()) {
        const times = await signInOnce(program);
        if (sample >= 0) warm[index]?.push(times);
      }
    }
    for (const program of programs) await end(program);
  } finally {
    issuer.kill();
    await folder.remove();
  }
  const row = (what: string, times: Times[][]): Row => {
    const [ours, withFetch, withHttp, withKeeping] = times.map((of) => median(of.map(({ shown }) => shown)));
    const [own = 0, floor = 0, other = 0, kept = 0] = [ours, withFetch, withHttp, withKeeping];
    const floors = `fetch ${ms(floor)}, http ${ms(other)}, fetch and kept ${ms(kept)}`;
    return { what, ours: ms(own), floor: floors, value: own / floor, limit: 1.15 };
  };
  return [row("own time of a sign-in, warm", warm), row("own time of a sign-in, cold", cold)];
}

/** Plays the browser: signs in, then times the request to the callback. */
async function signInOnce(program: ChildProcess): Promise<Times> {
  const url = await ask<string>(program, "url", "start");
  const redirect = await loginByHttp(url, "plus@example.com", "password");
  const signedIn = next(program, "signedIn");
  const shown = next(program, "shown");
  const started = performance.now();
  const page = fetch(redirect, { redirect: "manual" }).then((response) => response.text());
  await signedIn;
  const signedInAfter = performance.now() - started;
  await shown;
  const shownAfter = performance.now() - started;
  await page.catch(() => {});
  await fetch("http://localhost:1455/success").catch(() => {});
  await portFree();
  return { shown: shownAfter, signedIn: signedInAfter };
}

async function portFree(): Promise<void> {
  for (;;) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = connect(1455, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (!taken) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function startProgram(path: string, env: Record<string, string>): Promise<ChildProcess> {
  const program = fork(path, { env: { ...process.env, ...env }, execArgv: [] });
  await next(program, "ready");
  return program;
}

function next(program: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const listener = (message: Record<string, unknown>) => {
      if (!(name in message)) return;
      program.off("message", listener);
      program.off("exit", onExit);
      resolve(message[name]);
    };
    program.on("message", listener);
    const onExit = () => reject(new Error(`The program ended before it said ${name}`));
    program.once("exit", onExit);
  });
}

async function ask<T>(program: ChildProcess, name: string, message: string): Promise<T> {
  const answer = next(program, name);
  program.send(message);
  return (await answer) as T;
}

async function end(program: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => program.once("exit", resolve));
  program.send("end");
  await ended;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
  });
}
