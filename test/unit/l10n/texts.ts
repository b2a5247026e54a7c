import { stripTypeScriptTypes } from "node:module";
import {
  type AnyNode,
  type CallExpression,
  type Expression,
  type NewExpression,
  type ObjectExpression,
  parse,
} from "acorn";
import { fullAncestor } from "acorn-walk";

type Nodes = readonly AnyNode[];

/**
 * The texts in TypeScript code that a person could read and that are not translated, and the calls of `l10n.t` that a
 * translator could not work with: a line for each.
 */
export function faultsIn(source: string): string[] {
  const code = stripTypeScriptTypes(source);
  const faults: string[] = [];
  fullAncestor(parse(code, { ecmaVersion: "latest", sourceType: "module" }), (node, _state, ancestors) => {
    const around = ancestors.slice(0, -1).reverse();
    if (isTranslation(node)) faults.push(...faultsOfTranslation(node, around));
    const text = textOf(node, around);
    if (text !== undefined && isReadable(text) && !isForPrograms(node, around)) faults.push(`not translated: ${text}`);
  });
  return faults;
}

/** The words of a string, a template (with `{}` for what is put into it) or a property's name. */
function textOf(node: AnyNode, [parent]: Nodes): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value.trim() : undefined;
  if (node.type === "Property" && !node.computed) return nameOf(node.key) || textOf(node.key, [node]);
  if (node.type !== "TemplateLiteral") return undefined;
  const text = node.quasis.map(({ value }) => value.cooked ?? value.raw).join("{}");
  return (isHtml(parent) || /^\s*</.test(text) ? shownBy(text) : withoutMarkup(text)).trim();
}

/** What is read of HTML: the text between the tags, and the attributes that have words. */
function shownBy(html: string): string {
  const attributes = html.matchAll(/\s(?:aria-label|aria-valuetext|title|alt|placeholder)="([^"{}]+)"/g);
  const between = html.replace(/<!--.*?-->|<[^>]*>/gs, "\n").replaceAll("{}", " ");
  return [between, ...[...attributes].map(([, value]) => value)].join("\n");
}

/** Icons, and the commands of links, are no words. */
function withoutMarkup(text: string): string {
  return text.replace(/\$\([\w~-]+\)|\]\(command:[\w.{}]+\)/g, " ");
}

/** Several words, a word with the mark of a sentence's end, or a single one as a label or a button has it. */
function isReadable(text: string): boolean {
  return /\p{L}{2,}[.,:;!?…]*[\s{}]+\p{L}|\p{L}{2,}[!?…]$|\s\p{L}+[.:]$/u.test(text) || /^\p{Lu}\p{Ll}+$/u.test(text);
}

/** Whether only programs or programmers see it: in a comparison, as a name, in the log or in a programmer's error. */
function isForPrograms(node: AnyNode, around: Nodes): boolean {
  const [parent] = around;
  if (parent?.type === "BinaryExpression" && /^[!=]==$/.test(parent.operator)) return true;
  if (parent?.type === "SwitchCase") return true;
  if (parent?.type === "PropertyDefinition") return nameOf(parent.key) === "name";
  // Of a destructured value, or a header of HTTP.
  if (
    node.type === "Property" &&
    (parent?.type === "ObjectPattern" || /^(Accept|Authorization)$/.test(nameOf(node.key)))
  )
    return true;
  return around.some((ancestor, index) => isInProgram(ancestor, around[index - 1] ?? node));
}

/** @param child the part of `node` that the text is in */
function isInProgram(node: AnyNode, child: AnyNode): boolean {
  if (node.type === "NewExpression") return isProgrammersError(node, child);
  if (node.type !== "CallExpression") return false;
  return isTranslation(node) || isLogging(node, child) || /^(querySelector|closest)$/.test(methodOf(node));
}

function isProgrammersError({ callee, arguments: given }: NewExpression, child: AnyNode): boolean {
  const name = nameOf(callee);
  if (/^(TypeError|RangeError)$/.test(name)) return true;
  // A code, and a detail for the log; the third names what the sentence shows.
  return /^(Problem|RefreshRejected)$/.test(name) && given.indexOf(child as Expression) < 2;
}

/**
 * `log("…")`, `log.warn("…")`, `this.#warn("…")` and `inBackground(work, log, "…")`; of a failure that is shown, what the
 * log calls it: `activity.fail("…", error)`.
 */
function isLogging(call: CallExpression, child: AnyNode): boolean {
  const method = methodOf(call);
  const isFirst = call.arguments[0] === child;
  if (/^(log|inBackground)$/.test(nameOf(call.callee)) || method === "log") return true;
  if (/^(problem|fail)$/.test(method) || (method === "run" && ownerOf(call) === "activity")) return isFirst;
  return /^(debug|info|warn|error)$/.test(method) && /^(this|.*log)$/i.test(ownerOf(call));
}

/** The last name before the method: `log` of `this.#dependencies.log.warn()`. */
function ownerOf({ callee }: CallExpression): string {
  if (callee.type !== "MemberExpression") return "";
  const { object } = callee;
  if (object.type === "ThisExpression") return "this";
  return nameOf(object.type === "MemberExpression" ? object.property : object);
}

function methodOf({ callee }: CallExpression): string {
  return callee.type === "MemberExpression" ? nameOf(callee.property) : "";
}

function nameOf(node: AnyNode): string {
  return node.type === "Identifier" || node.type === "PrivateIdentifier" ? node.name : "";
}

function isHtml(node: AnyNode | undefined): boolean {
  return node?.type === "TaggedTemplateExpression" && nameOf(node.tag) === "html";
}

function isTranslation(node: AnyNode): node is CallExpression {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return false;
  return nameOf(node.callee.object) === "l10n" && nameOf(node.callee.property) === "t";
}

function faultsOfTranslation({ arguments: given }: CallExpression, around: Nodes): string[] {
  const [first, values] = given;
  // With a comment for translators, the text is a property.
  const message = first?.type === "ObjectExpression" ? propertyOf(first, "message") : first;
  if (message?.type !== "Literal" || typeof message.value !== "string") return ["l10n.t without a literal text"];
  const text = message.value;
  const names = [...text.matchAll(/\{(.*?)\}/g)].map(([, name = ""]) => name);
  const [parent] = around;
  // The panel's sentence(l10n.t("…"), { … }) puts elements in place of the names.
  const isSentence = parent?.type === "CallExpression" && nameOf(parent.callee) === "sentence";
  const named = namesOf(isSentence ? parent.arguments[1] : values);
  return [
    ...(names.some((name) => !/^[a-z]\w*$/i.test(name)) ? [`a placeholder without a name: ${text}`] : []),
    ...(String(named) === String([...new Set(names)].sort()) ? [] : [`other values than placeholders: ${text}`]),
    ...(isGlued(around) ? [`glued to something else: ${text}`] : []),
  ];
}

function propertyOf({ properties }: ObjectExpression, name: string): AnyNode | undefined {
  const found = properties.find((property) => property.type === "Property" && nameOf(property.key) === name);
  return found?.type === "Property" ? found.value : undefined;
}

/** The names of an object's properties, sorted; of anything else none. */
function namesOf(node: AnyNode | undefined): string[] | undefined {
  if (node === undefined) return [];
  if (node.type !== "ObjectExpression") return undefined;
  return node.properties.map((property) => (property.type === "Property" ? nameOf(property.key) : "…")).sort();
}

/** Whether a text becomes part of another by `+` or in a template; with an icon, as a link or in a list it stays whole. */
function isGlued([parent, next]: Nodes): boolean {
  if (parent?.type === "BinaryExpression") return parent.operator === "+";
  if (parent?.type !== "TemplateLiteral" || isHtml(next)) return false;
  const rest = withoutMarkup(parent.quasis.map(({ value }) => value.raw).join(""));
  return /\p{L}/u.test(rest) || (parent.expressions.length > 1 && !rest.includes("·"));
}
