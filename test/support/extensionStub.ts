// A stub of `vscode` and of everything that `src/extension.ts` registers or loads, to run its commands alone.
export const registered = new Map<string, (...args: unknown[]) => unknown>();

/** The result of every method of the services; it must not reach the caller of a command. */
export const answer = { bearer: "eyJhbGciOiJub25lIn0.secret", account: { email: "ada@example.com" } };

/** The methods that were called, and with what. */
export const called: { readonly path: string; readonly args: readonly unknown[] }[] = [];

/** What every method throws, while there is something. */
export const failing: { error?: unknown } = {};

/** An object on which every method can be called, at any depth. */
function anything(path: string): unknown {
  return new Proxy(() => {}, {
    // Not a promise, though it has all properties.
    get: (_target, name) => (name === "then" ? undefined : anything(`${path}.${String(name)}`)),
    apply: async (_target, _this, args) => {
      called.push({ path, args });
      if (failing.error) throw failing.error;
      return answer;
    },
  });
}

/** What the services were made of. */
export const composedOf: { linkProof?: string } = {};

export const compose = async (host: { linkProof: string }) => {
  composedOf.linkProof = host.linkProof;
  return anything("services");
};
export const registerAuthenticationProvider = () => () => {};
export const registerChatModels = () => ({ dispose() {} });
export const createStatusBar = () => {};
export const setContextKey = () => {};

export class EventEmitter {
  readonly event = () => ({ dispose() {} });
  fire(): void {}
  dispose(): void {}
}
export const commands = {
  registerCommand(name: string, run: (...args: unknown[]) => unknown) {
    registered.set(name, run);
    return { dispose() {} };
  },
};
export const workspace = {
  getConfiguration: () => ({ get: () => undefined }),
  onDidChangeConfiguration: () => ({ dispose() {} }),
};
/** The lines of the log. */
export const lines: string[] = [];
const write = (line: string) => void lines.push(line);
export const window = {
  createOutputChannel: () => ({ debug: write, info: write, warn: write, error: write, show() {}, dispose() {} }),
};
export const l10n = {};
