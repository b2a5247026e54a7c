import account from "@vscode/codicons/src/icons/account.svg";
import error from "@vscode/codicons/src/icons/error.svg";
import linkExternal from "@vscode/codicons/src/icons/link-external.svg";
import loading from "@vscode/codicons/src/icons/loading.svg";
import pass from "@vscode/codicons/src/icons/pass.svg";
import question from "@vscode/codicons/src/icons/question.svg";
import refresh from "@vscode/codicons/src/icons/refresh.svg";
import warning from "@vscode/codicons/src/icons/warning.svg";

const sources = { account, error, linkExternal, loading, pass, question, refresh, warning };

/** The codicons this panel uses. */
export type IconName = keyof typeof sources;

const drawings = new Map<string, Element>();

/** Parses an icon's text once; parsing as XML neither runs scripts nor needs any allowance from the policy. */
function drawing(name: IconName): Element {
  let svg = drawings.get(name);
  if (svg === undefined) {
    svg = new DOMParser().parseFromString(sources[name], "image/svg+xml").documentElement;
    svg.setAttribute("aria-hidden", "true");
    drawings.set(name, svg);
  }
  return svg;
}

/**
 * `<panel-icon name="account">`: a codicon in the colour of the text. Drawn inline, so that no icon font is loaded, and
 * into a shadow root, so that Lit, which counts a template's nodes while it makes them, does not count the drawing's.
 */
export class PanelIcon extends HTMLElement {
  static readonly observedAttributes = ["name"];
  readonly #root = this.attachShadow({ mode: "open" });

  attributeChangedCallback(_attribute: string, _before: string | null, name: string | null): void {
    const known = name !== null && Object.hasOwn(sources, name);
    this.#root.replaceChildren(...(known ? [document.importNode(drawing(name as IconName), true)] : []));
  }
}
