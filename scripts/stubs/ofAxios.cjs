// In place of the packages that axios brings along for what its one user, platform/httpClient.ts, turns off: redirects
// (maxRedirects: 0) and axios' own proxies (proxy: false).
const refuse = () => {
  throw new Error("This build of axios has no redirects and no proxies");
};

/** One module for follow-redirects, proxy-from-env and https-proxy-agent, whose export is a class. */
module.exports = class HttpsProxyAgent {
  static http = { request: refuse };
  static https = { request: refuse };
  static getProxyForUrl = refuse;

  constructor() {
    refuse();
  }
};
