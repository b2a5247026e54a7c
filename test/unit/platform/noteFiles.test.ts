import assert from "node:assert/strict";
import { createRefreshNotes } from "../../../src/account/refreshNotes.ts";
import { createSignInNotes } from "../../../src/account/signInNotes.ts";
import { createSpendingClaims } from "../../../src/account/spendingClaims.ts";
import { StorageMarks } from "../../../src/account/storageMarks.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { limitNoteFiles, type NoteFiles } from "../../../src/platform/noteFiles.ts";
import { NoAnswer } from "../../../src/platform/timeLimit.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { eventually } from "../../support/timing.ts";

const answerMs = 20;
const owner = { id: "0123456789abcdef", signedInAt: 1 };
const log = createLogger(() => ({ debug() {}, info() {}, warn() {}, error() {} }));

/** A file system that is silent until it is told to answer. */
function silentFiles() {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  let isSilent = true;
  const call =
    <T>(name: string, value: T) =>
    async (path: string) => {
      asked.push(`${name} ${path.slice(path.lastIndexOf("/") + 1)}`);
      if (isSilent) await new Promise<void>((resolve) => waiting.push(resolve));
      return value;
    };
  const files: NoteFiles = {
    read: call("read", ""),
    create: call("create", undefined),
    mkdirs: call("mkdirs", undefined),
    list: call("list", ["a"]),
    modifiedAt: call("modifiedAt", 0),
    remove: call("remove", undefined),
  };
  const answer = () => {
    isSilent = false;
    for (const goOn of waiting.splice(0)) goOn();
  };
  return { files, asked, answer };
}

describe("Notes in a folder that does not answer", () => {
  const calls: Record<keyof NoteFiles, (files: NoteFiles) => Promise<unknown>> = {
    read: (files) => files.read("/notes/a"),
    create: (files) => files.create("/notes/a", ""),
    mkdirs: (files) => files.mkdirs("/notes"),
    list: (files) => files.list("/notes"),
    modifiedAt: (files) => files.modifiedAt("/notes/a"),
    remove: (files) => files.remove("/notes/a"),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`are not waited for without an end (${name})`, async () => {
      await assert.rejects(call(limitNoteFiles(silentFiles().files, answerMs)), NoAnswer);
    });
  }

  it("are asked for once until it answers", async () => {
    const { files, asked, answer } = silentFiles();
    const limited = limitNoteFiles(files, answerMs);
    await assert.rejects(limited.list("/notes"), NoAnswer);
    await assert.rejects(limited.list("/notes"), NoAnswer);
    assert.deepEqual(asked, ["list notes"]);
    answer();
    await eventually(async () => assert.deepEqual(await limited.list("/notes"), ["a"]));
  });

  it("are removed again when they are made later than they were waited for", async () => {
    const { files, asked, answer } = silentFiles();
    await assert.rejects(limitNoteFiles(files, answerMs).create("/notes/a", ""), NoAnswer);
    answer();
    await eventually(() => assert.deepEqual(asked, ["create a", "remove a"]));
  });

  const users: Record<string, (files: NoteFiles) => Promise<unknown>> = {
    "a refresh": (files) => createRefreshNotes("/notes", files).read(owner),
    "a sign-out": (files) => createRefreshNotes("/notes", files).removeUpTo(owner),
    "a claim": (files) => createSpendingClaims("/notes", new ManualClock(), log, files).take(owner, "aaaaaaaaaaaa"),
    "a sign-in": (files) => createSignInNotes("/notes", "signing-in", files).list(),
    "a change on the web": (files) => new StorageMarks("/notes", files).claim({ id: owner.id, generation: 1 }, 0),
    "a window on the web": (files) => new StorageMarks("/notes", files).all(),
  };
  for (const [name, use] of Object.entries(users)) {
    it(`keep nobody waiting: ${name}`, async () => {
      const { files, asked } = silentFiles();
      await use(limitNoteFiles(files, answerMs));
      assert.ok(asked.length > 0);
    });
  }
});
