import themes from "./themes.json" with { type: "json" };

/** Built-in themes of VS Code, with the values its workbench computes for the variables that the panel uses. */
export type ThemeName = keyof typeof themes;
export const themeNames = Object.keys(themes) as ThemeName[];

/** The classes that a webview's body carries under a theme. */
export function bodyClasses(theme: ThemeName): string {
  const { kind } = themes[theme];
  return kind === "vscode-high-contrast-light" ? `${kind} vscode-high-contrast` : kind;
}

/** The variables and the default styles that VS Code puts into a webview, as a style sheet. */
export function themeStyles(theme: ThemeName): string {
  const variables = Object.entries(themes[theme].variables).map(([name, value]) => `${name}: ${value};`);
  return `:root {
    ${variables.join("\n    ")}
    --vscode-font-family: system-ui, "Ubuntu", "Droid Sans", sans-serif;
    --vscode-font-weight: normal;
    --vscode-font-size: 13px;
    --vscode-editor-font-family: "Droid Sans Mono", monospace;
    background-color: var(--vscode-editor-background);
  }
  @layer vscode-default {
    html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
    body {
      overscroll-behavior-x: none;
      background-color: transparent;
      color: var(--vscode-editor-foreground);
      font-family: var(--vscode-font-family);
      font-weight: var(--vscode-font-weight);
      font-size: var(--vscode-font-size);
      margin: 0;
      padding: 0 20px;
    }
    a, a code { color: var(--vscode-textLink-foreground); }
    a:focus, input:focus, select:focus, textarea:focus {
      outline: 1px solid -webkit-focus-ring-color;
      outline-offset: -1px;
    }
  }`;
}
