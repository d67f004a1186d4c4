export {
  JSONResponse,
  RedirectResponse,
  Request,
  Response,
  StreamingResponse,
} from "../message/index.ts";
export { Headers, type ResponseOptions } from "../message/index.ts";
export { createDispatch, type DispatchOptions, settle } from "./dispatch.ts";
export type { RouteDecorator } from "./decorator.ts";
export { createEndpoint, type Endpoint, type EndpointOptions } from "./endpoint.ts";
export { alias, wireNameOf } from "./field.ts";
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
  placeOf,
  post,
  put,
  type Route,
  Routes,
  routesOf,
} from "./route.ts";
export { Router } from "./router.ts";
export { createHttpServer, type HttpServer, type HttpServerOptions } from "./server.ts";
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
