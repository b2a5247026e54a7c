import "./zodSetup.ts";
import "./language.ts";

import "./panel.css";

import { PanelApp } from "./panelApp.ts";
import { PanelIcon } from "./panelIcon.ts";

customElements.define("panel-icon", PanelIcon);
customElements.define("chatgpt-sign-in-panel", PanelApp);
