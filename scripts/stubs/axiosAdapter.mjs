// In place of axios' adapters for browsers and for fetch: the extension uses the one for Node's http.
export const getFetch = () => false;

// biome-ignore lint/style/noDefaultExport: axios imports it so.
export default null;
