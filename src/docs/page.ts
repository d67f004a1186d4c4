import type { Server } from "./document.ts";

/** The docs page. Addresses are relative, so that it also works behind a proxy that adds a prefix. */
export function docsPage(title: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escape(title)}</title>
    <link rel="stylesheet" href="./docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="./docs/favicon-32x32.png" sizes="32x32">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>This page needs JavaScript. The document itself is at <a href="./openapi.json">openapi.json</a>.</noscript>
    <script src="./docs/swagger-ui-bundle.js"></script>
    <script src="./docs/init.js"></script>
  </body>
</html>
`;
}

/** A file of its own: the page allows no inline script. */
export const initScript = `const at = (path) => new URL(path, location.href.replace(/[?#].*$/, "")).href;
window.ui = SwaggerUIBundle({
  url: at("./openapi.json"),
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  // Minimum, maximum and pattern beside a parameter.
  showCommonExtensions: true,
  persistAuthorization: true,
  oauth2RedirectUrl: at("./docs/oauth2-redirect"),
  // The default asks a validator on the internet.
  validatorUrl: null,
});
`;

/** Where an authorization server sends the browser back to. */
export const redirectPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Signing in</title>
  </head>
  <body>
    <script src="./oauth2-redirect.js"></script>
  </body>
</html>
`;

/** Everything comes from here; only "Try it out" may also ask the servers that the document names. */
export function policyFor(servers: readonly Server[] = []): string {
  const origins = servers.flatMap(({ url }) => (URL.canParse(url) ? new URL(url).origin : []));
  return [
    "default-src 'self'",
    `connect-src ${["'self'", ...new Set(origins)].join(" ")}`,
    "img-src 'self' data:",
    // Swagger UI sets styles of elements.
    "style-src 'self' 'unsafe-inline'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; ");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
