// Stands in for the installed extension's main file: activates it with a secret storage that misbehaves as a control file
// tells. The secrets are in a file beside that one, so that a test sees what is stored. See faultySecrets.ts.
const { appendFileSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const vscode = require("vscode");

const { folder, main } = require("./faultySecretStorage.json");
const extension = require(main);

const read = (name, otherwise) => {
  try {
    return JSON.parse(readFileSync(join(folder, name), "utf8"));
  } catch {
    return otherwise;
  }
};
const write = (name, value) => {
  const file = join(folder, name);
  writeFileSync(`${file}.new`, JSON.stringify(value));
  renameSync(`${file}.new`, file);
};

/** The fault that the next call meets; one that is limited to some times is used up. */
function faultOf(call, key) {
  const faults = read("faults.json", []);
  const fault = faults.find((one) => one.call === call && new RegExp(one.key).test(key) && one.times !== 0);
  if (fault?.times > 0) {
    fault.times -= 1;
    write("faults.json", faults);
  }
  appendFileSync(join(folder, "calls.jsonl"), `${JSON.stringify({ call, key, kind: fault?.kind ?? "none" })}\n`);
  return fault;
}

const never = () => new Promise(() => {});
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const failed = () => new Error("The keyring failed");

/** Reads now; a write replaces the value and keeps the one before, for an older value to be read. */
const secretOf = (key) => read("secrets.json", {})[key];
function replace(key, value) {
  const secrets = read("secrets.json", {});
  secrets[key] = { value, older: secrets[key]?.value };
  write("secrets.json", secrets);
}

function faultySecrets() {
  const changed = new vscode.EventEmitter();
  const tell = async (key) => {
    const fault = faultOf("event", key);
    if (fault?.kind === "never") return;
    if (fault?.kind === "late") await wait(fault.ms);
    changed.fire({ key });
  };
  /** @param value undefined to delete */
  const change = async (call, key, value) => {
    const fault = faultOf(call, key);
    if (fault?.kind === "silent") return never();
    if (fault?.kind === "rejects") throw failed();
    if (fault?.kind === "late") await wait(fault.ms);
    if (fault?.kind !== "lost") replace(key, value);
    if (fault?.kind === "landed") throw failed();
    void tell(key);
  };
  return {
    onDidChange: changed.event,
    async get(key) {
      const fault = faultOf("get", key);
      if (fault?.kind === "silent") return never();
      if (fault?.kind === "rejects") throw failed();
      if (fault?.kind === "late") await wait(fault.ms);
      if (fault?.kind === "nothing") return undefined;
      return fault?.kind === "older" ? secretOf(key)?.older : secretOf(key)?.value;
    },
    store: (key, value) => change("store", key, value),
    delete: (key) => change("delete", key, undefined),
  };
}

exports.activate = (context) =>
  extension.activate(Object.create(context, { secrets: { value: faultySecrets(), enumerable: true } }));
exports.deactivate = () => extension.deactivate();
