export { accessLog, type AccessLogOptions } from "./access-log.ts";
export {
  type Answer,
  compose,
  type Frame,
  type Layer,
  type Middleware,
  type Next,
  type OnError,
} from "./compose.ts";
export { compression, type CompressionOptions } from "./compression.ts";
export { cors, type CorsOptions } from "./cors.ts";
export { layersOf, middleware } from "./middleware.ts";
export { noStore } from "./no-store.ts";
export { nosniff } from "./nosniff.ts";
export { requestId } from "./request-id.ts";
export { securityHeaders, type SecurityHeadersOptions } from "./security-headers.ts";
export { timeout } from "./timeout.ts";
