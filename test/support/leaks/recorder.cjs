// Stands in for the installed extension's main file: notes what the extension does that nobody outside sees, or that is
// gone before anybody looks, and then is that file. See recorder.ts.
const { appendFileSync } = require("node:fs");
const diagnostics = require("node:diagnostics_channel");
const { join } = require("node:path");
const { format } = require("node:util");
const { folder, main, redaction } = require("./recorder.json");

const file = join(folder, `${process.pid}.jsonl`);
const note = (place, ...values) => {
  const text = values.map((value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))).join(" ");
  appendFileSync(file, `${JSON.stringify({ place, text })}\n`);
};

/** Calls `before` with the arguments of each call of a method. */
function watch(object, name, before) {
  const original = object[name];
  object[name] = function (...args) {
    before.call(this, args);
    return original.apply(this, args);
  };
}

// Every request: by Node's http, which axios uses, and by fetch.
diagnostics.subscribe("http.client.request.start", ({ request }) => {
  note("requested", `${request.protocol}//${request.getHeader("host") ?? request.host}${request.path}`);
});
diagnostics.subscribe("undici:request:create", ({ request }) => note("requested", `${request.origin}${request.path}`));

// Told when it is made, before it gets its arguments.
diagnostics.subscribe("child_process", ({ process: child }) =>
  queueMicrotask(() => note("the arguments of a program", child.spawnargs)),
);

// VS Code makes the methods of its console impossible to change.
const written = new Set(["debug", "error", "info", "log", "trace", "warn"]);
globalThis.console = new Proxy(console, {
  get(target, name) {
    const member = Reflect.get(target, name);
    if (!written.has(name)) return member;
    return (...args) => {
      note("the console of the extension host", format(...args));
      return member.apply(target, args);
    };
  },
});
for (const stream of [process.stdout, process.stderr])
  watch(stream, "write", ([chunk]) => note("the output of the extension host", String(chunk)));

// A line is redacted by one replacement after another, of which this is the first.
watch(String.prototype, "replace", function ([pattern]) {
  if (pattern instanceof RegExp && pattern.source === redaction) note("the log before it is redacted", String(this));
});

/** A memento that notes what it is told to keep. */
const noted = (place, memento) =>
  Object.create(memento, {
    get: { value: (...args) => memento.get(...args) },
    keys: { value: () => memento.keys() },
    setKeysForSync: { value: (keys) => memento.setKeysForSync?.(keys) },
    update: {
      value: (key, value) => {
        note(place, key, value);
        return memento.update(key, value);
      },
    },
  });

/** Notes what a webview and the extension tell each other. */
function watchWebviews(vscode) {
  const create = vscode.window.createWebviewPanel;
  vscode.window.createWebviewPanel = (...args) => {
    const panel = create(...args);
    watch(panel.webview, "postMessage", ([message]) => note("a message to the panel", message));
    panel.webview.onDidReceiveMessage((message) => note("a message from the panel", message));
    return panel;
  };
}

exports.activate = (context) => {
  watchWebviews(require("vscode"));
  const extension = require(main);
  exports.deactivate = () => extension.deactivate();
  return extension.activate(
    Object.create(context, {
      globalState: { value: noted("global state", context.globalState), enumerable: true },
      workspaceState: { value: noted("the state of a workspace", context.workspaceState), enumerable: true },
    }),
  );
};
exports.deactivate = () => {};
