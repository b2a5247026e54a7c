import { html, nothing, type TemplateResult } from "lit";

/** A translated text with elements in place of its `{names}`: the language decides where they are. */
export function sentence(text: string, elements: Readonly<Record<string, unknown>>): TemplateResult {
  // Split at a group, every second piece is a name.
  const pieces = text.split(/\{(\w+)\}/);
  return html`${pieces.map((piece, index) => {
    if (index % 2 === 0) return piece === "" ? nothing : piece;
    return Object.hasOwn(elements, piece) ? elements[piece] : `{${piece}}`;
  })}`;
}
