// In place of @vscode/l10n in the extension, where VS Code itself translates; the panel, which has no `vscode`, has the
// library.
import { l10n } from "vscode";

export const t = (...args) => l10n.t(...args);
