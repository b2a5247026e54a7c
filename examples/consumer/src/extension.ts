import OpenAI from "openai";
import * as vscode from "vscode";

/** The authentication provider of “Sign in with ChatGPT”, and the scope that asks for an OpenAI API key. */
const provider = "chatgpt";
const scopes = ["openai.api-key"];

export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.commands.registerCommand("chatgptConsumer.ask", () => sayHello({ createIfNone: true })),
    vscode.commands.registerCommand("chatgptConsumer.askQuietly", () => sayHello({ silent: true })),
    vscode.commands.registerCommand("chatgptConsumer.whoAmI", whoAmI),
    vscode.commands.registerCommand("chatgptConsumer.askModel", askModel),
    vscode.authentication.onDidChangeSessions(async (event) => {
      if (event.provider.id === provider) await sessionsChanged();
    }),
  );
}

/** The session that was used last, to notice when it ends. */
let sessionId: string | undefined;

/**
 * Asks VS Code for a session each time, right before it is needed. That is cheap, and the account, the key or the
 * person's consent may have changed. The token is not kept.
 */
async function sayHello(options: vscode.AuthenticationGetSessionOptions): Promise<void> {
  let session: vscode.AuthenticationSession | undefined;
  try {
    session = await vscode.authentication.getSession(provider, scopes, options);
  } catch (error) {
    // The person declined, or did not sign in.
    await vscode.window.showWarningMessage(`No session: ${messageOf(error)}`);
    return;
  }
  if (!session) {
    await vscode.window.showInformationMessage("No session: access isn't allowed, or you're not signed in.");
    return;
  }
  sessionId = session.id;
  const configuration = vscode.workspace.getConfiguration("chatgptConsumer");
  const client = new OpenAI({
    apiKey: session.accessToken,
    baseURL: configuration.get("baseUrl", "https://api.openai.com/v1"),
  });
  try {
    const model = configuration.get("model", "gpt-5.2");
    const stream = await client.responses.create({ model, input: "Say hello in one short sentence.", stream: true });
    let answer = "";
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") answer += event.delta;
    }
    await vscode.window.showInformationMessage(`${session.account.label}: ${answer}`);
  } catch (error) {
    await vscode.window.showErrorMessage(`The request failed: ${messageOf(error)}`);
  }
}

/** Asks who is signed in. Without scopes the session has no token. */
async function whoAmI(): Promise<void> {
  const session = await vscode.authentication.getSession(provider, [], { createIfNone: true });
  const { label, ...others } = session.account as { label: string; plan?: string; chatgptAccountId?: string };
  const token = session.accessToken === "" ? "no token" : "a token";
  await vscode.window.showInformationMessage(
    `${label}: plan ${others.plan}, ChatGPT workspace ${others.chatgptAccountId}, ${token}`,
  );
}

/**
 * Asks one of the account's models. No token is needed for that: VS Code passes the request on. The first request is asked
 * for, so it should follow from something that the person does.
 */
async function askModel(): Promise<void> {
  const [model] = await vscode.lm.selectChatModels({ vendor: "chatgpt-sign-in" });
  if (!model) {
    await vscode.window.showInformationMessage("No model: you're not signed in.");
    return;
  }
  try {
    const answer = await model.sendRequest([vscode.LanguageModelChatMessage.User("Say hello in one short sentence.")]);
    let text = "";
    for await (const part of answer.text) text += part;
    await vscode.window.showInformationMessage(`${model.name}: ${text}`);
  } catch (error) {
    const isDenied = error instanceof vscode.LanguageModelError && error.code === "NoPermissions";
    await vscode.window.showWarningMessage(`${isDenied ? "Not allowed" : "Failed"}: ${messageOf(error)}`);
  }
}

/** Shows once that the session has ended. Sessions of other accounts change, too. */
async function sessionsChanged(): Promise<void> {
  if (sessionId === undefined) return;
  const session = await vscode.authentication.getSession(provider, scopes, { silent: true });
  if (session) return;
  sessionId = undefined;
  await vscode.window.showInformationMessage("The ChatGPT session has ended.");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
