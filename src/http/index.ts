export {
  contentDisposition,
  type ServerEvents,
  EventStream,
  type EventStreamOptions,
  FileResponse,
  type FileResponseOptions,
  type FileSource,
  JSONResponse,
  lastEventId,
  RedirectResponse,
  Request,
  Response,
  type ServerEvent,
  StreamingResponse,
} from "../message/index.ts";
export { Headers, type ResponseOptions, UploadFile } from "../message/index.ts";
export { type EventsOptions, eventsOf, formOf, media, streamOf } from "./answers.ts";
export { type AddRoutes, addRoutesKey } from "./add-routes.ts";
export { createDispatch, type DispatchOptions, hasRest, settle } from "./dispatch.ts";
export type { RouteDecorator } from "./decorator.ts";
export { createEndpoint, type Endpoint, type EndpointOptions } from "./endpoint.ts";
export { alias, wireNameOf } from "./field.ts";
export {
  file,
  type FileField,
  files,
  type FilesOptions,
  type OneFileOptions,
  rulesOf,
  type SeveralFilesOptions,
} from "./file-field.ts";
export {
  createErrorAnswer,
  type ErrorFormat,
  type ErrorHandler,
  onError,
  problemJSON,
} from "./problem.ts";
export {
  type Declared,
  del,
  del as delete,
  get,
  groupsOf,
  head,
  mount,
  options,
  patch,
  post,
  put,
  type Route,
  Routes,
  routesOf,
} from "./route.ts";
export { Router } from "./router.ts";
export type {
  AnyResponse,
  Awaitable,
  Defaults,
  ErrorStatus,
  Handler,
  Input,
  None,
  Responses,
  RouteSpec,
  Spec,
  SuccessStatus,
  Verb,
} from "./spec.ts";
export { parseTemplate, type PathParams, type Segment, type Template } from "./template.ts";
export { type Overrides, overridesKey } from "./uses.ts";
