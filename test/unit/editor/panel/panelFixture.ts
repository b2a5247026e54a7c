import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { SettingsPanel, type SettingsPanelDependencies } from "../../../../src/editor/panel/settingsPanel.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import { createLogger } from "../../../../src/platform/logger.ts";
import type { View } from "../../../../src/shared/panelProtocol.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import type { Panel } from "../../../support/vscodeStub/stub.ts";
import { settle, state } from "../../../support/vscodeStub/stub.ts";
import { Uri } from "../../../support/vscodeStub/vscode.ts";

const other = {
  id: "other",
  label: "bob@example.com",
  origin: "own",
  needsSignIn: false,
} as const;

/** A view that can be told apart by its problem. */
export function viewOf(problem: string): View {
  return {
    type: "view",
    authMode: "apiKey",
    sign: { status: "signedOut" },
    otherAccounts: [other],
    extensions: [{ id: "a.b\nplan\n1", name: "B", extension: "a.b", answer: "allowed" }],
    busy: [],
    ownKey: { status: "absent" },
    changedEndpoints: [],
    problem,
  };
}

/** A settings panel whose view, actions and changes a test decides on. */
export function createPanelFixture(dependencies: Partial<SettingsPanelDependencies> = {}) {
  const lines: string[] = [];
  const calls: string[] = [];
  const clock = new ManualClock();
  const changed = new Emitter<void>((error) => {
    throw error;
  });
  const write = (line: string) => lines.push(line);
  /** What a test changes while it runs. */
  const script = {
    /** What the view shows now; a function that throws where it cannot be made. */
    view: () => viewOf("first"),
    /** What the next action throws. */
    failingAction: undefined as Error | undefined,
  };
  const panel = new SettingsPanel({
    extensionUri: Uri.file("/extension") as unknown as vscode.Uri,
    run: async (request) => {
      calls.push(JSON.stringify(request));
      if (script.failingAction) throw script.failingAction;
    },
    view: () => script.view(),
    changes: [(listener) => changed.event(listener)],
    onLook: () => calls.push("look"),
    onNotLoaded: () => calls.push("notLoaded"),
    clock,
    log: createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
    ...dependencies,
  });
  return {
    script,
    panel,
    lines,
    /** What the panel asked for, in order. */
    calls,
    clock,
    changed,
    /** What the views that were sent show, in order. */
    problems: () => shown().posted.map((message) => (message as View).problem),
    /** The page sends a message. */
    receive: async (message: unknown) => {
      shown().received.fire(message);
      await settle();
      assert.deepEqual(shown().received.failures, []);
    },
  };
}
export type PanelFixture = ReturnType<typeof createPanelFixture>;

/** The one webview that is open. */
export function shown(): Panel {
  const [open, ...more] = state.panels.filter(({ disposed }) => !disposed);
  assert.ok(open && more.length === 0, "one panel is open");
  return open;
}
