export { bytesOf, decodeUtf8, readAll, type Size, tooLarge } from "./body.ts";
export { clientAddress, createTrust, type Trust } from "./client-address.ts";
export { type CookieOptions, parseCookies, serializeCookie } from "./cookies.ts";
export { Headers, type HeadersInit } from "./headers.ts";
export { Request, type RequestSource } from "./request.ts";
export {
  type Body,
  encoded,
  JSONResponse,
  RedirectResponse,
  Response,
  type ResponseOptions,
  StreamingResponse,
  toJSON,
} from "./response.ts";
export { fromWebRequest, fromWebResponse, isWebResponse, toWebResponse } from "./web.ts";
