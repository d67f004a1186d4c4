export { createHttpServer, type HttpServer } from "./server.ts";
export type { HttpServerOptions } from "./options.ts";
export type { Exchange, Send } from "./request-turn.ts";
