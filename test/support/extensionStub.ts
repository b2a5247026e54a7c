// Stands for `vscode` and for all that `src/extension.ts` registers or loads, so that its commands can be run alone.
export const registered = new Map<string, (...args: unknown[]) => unknown>();

/** What every method of the services answers: something that must not reach whoever runs a command. */
export const answer = { bearer: "eyJhbGciOiJub25lIn0.secret", account: { email: "ada@example.com" } };

/** Which of them were called. */
export const called: string[] = [];

/** An object on which every method can be called, at any depth. */
function anything(path: string): unknown {
  return new Proxy(() => {}, {
    // Not a promise, though it has all properties.
    get: (_target, name) => (name === "then" ? undefined : anything(`${path}.${String(name)}`)),
    apply: async () => {
      called.push(path);
      return answer;
    },
  });
}

export const compose = async () => anything("services");
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
export const window = {};
