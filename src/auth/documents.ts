import type { Documents } from "../dependency.ts";
import { NotAuthenticated, PermissionDenied } from "../exceptions.ts";

/** How clients prove who they are, as OpenAPI's Security Scheme Objects; any one is enough. */
const schemes = {
  OAuth2PasswordBearer: {
    type: "oauth2",
    flows: { password: { tokenUrl: "/auth/login", refreshUrl: "/auth/refresh", scopes: {} } },
  },
  APIKeyHeader: { type: "apiKey", in: "header", name: "X-API-Key" },
  CookieSession: { type: "apiKey", in: "cookie", name: "nexus_session" },
} as const;

/** What a route that somebody must be known for says of itself. */
export const signedIn: Documents = {
  responses: { 401: NotAuthenticated },
  security: { schemes },
};

/** What a route that asks for permissions or roles says of itself. */
export const guarded: Documents = {
  ...signedIn,
  responses: { ...signedIn.responses, 403: PermissionDenied },
};

/** What a route that answers strangers, too, says of itself. */
export const maybeSignedIn: Documents = { security: { schemes, optional: true } };
