export {
  type App,
  type AppOptions,
  createApp,
  defineConfig,
  type NexusConfig,
} from "./app/index.ts";
export {
  currentUser,
  type Identity,
  optionalUser,
  requirePermission,
  requireRole,
} from "./auth/index.ts";
export { BackgroundTasks } from "./background.ts";
export { secret } from "./config/index.ts";
export { contextKey, getRequestContext, setRequestContext } from "./context.ts";
export { dependency } from "./dependency.ts";
export { addTagMetadata } from "./docs/index.ts";
export { emit, event, on, once } from "./events/index.ts";
export {
  Conflict,
  HTTPException,
  HTTPException as APIException,
  NexusError,
  NotAuthenticated,
  NotFound,
  notFound,
  PermissionDenied,
  RateLimited,
} from "./exceptions.ts";
export {
  alias,
  del,
  EventStream,
  eventsOf,
  file,
  FileResponse,
  files,
  get,
  head,
  JSONResponse,
  media,
  mount,
  onError,
  options,
  patch,
  post,
  put,
  RedirectResponse,
  Request,
  Response,
  Routes,
  StreamingResponse,
  streamOf,
  type UploadFile,
} from "./http/index.ts";
export { middleware } from "./middleware/index.ts";
export { Plugin } from "./plugin/index.ts";
export { rateLimit } from "./ratelimit/index.ts";
export { inject, Service } from "./services.ts";
export { createTask, getTaskStatus, task } from "./tasks/index.ts";
