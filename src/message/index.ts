export { isBodiless } from "./bodiless.ts";
export { bytesOf, decodeUtf8, readAll, type Size, tooLarge } from "./body.ts";
export { clientAddress, createTrust, type Trust } from "./client-address.ts";
export { type CookieOptions, parseCookies, serializeCookie } from "./cookies.ts";
export { contentDisposition } from "./disposition.ts";
export { type ServerEvents, EventStream, type EventStreamOptions } from "./event-stream.ts";
export { FileResponse, type FileResponseOptions } from "./file-response.ts";
export type { FileSource } from "./file-source.ts";
export { Headers, type HeadersInit } from "./headers.ts";
export { toJSON } from "./json-text.ts";
export { bareType, isMediaRange, isMediaType, unknownType } from "./media-type.ts";
export { Request, type RequestSource } from "./request.ts";
export {
  type Body,
  encoded,
  JSONResponse,
  RedirectResponse,
  Response,
  type ResponseOptions,
  StreamingResponse,
} from "./response.ts";
export { lastEventId, type ServerEvent } from "./server-event.ts";
export { type Chunks, discard, done, mapped, sourceOf } from "./source.ts";
export { UploadFile, type UploadSource } from "./upload.ts";
export { fromWebRequest, fromWebResponse, isWebResponse, toWebResponse } from "./web.ts";
