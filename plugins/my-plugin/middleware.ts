import { middleware } from "nexus-platform";
import { currentLog } from "nexus-platform/log";

/** Adds timing information to responses, and warns of slow ones. */
export const timing = middleware(async (request, next) => {
  const start = performance.now();
  const response = await next();
  const seconds = (performance.now() - start) / 1000;
  response.headers.set("X-Process-Time", seconds.toFixed(6));
  if (seconds > 1) {
    currentLog().warn(`Slow request: ${request.rawPath} took ${seconds.toFixed(2)}s`);
  }
  return response;
});

/** Logs all requests, without their queries: those may hold secrets. */
export const requestLogging = middleware(async (request, next) => {
  currentLog().info(`${request.method} ${request.rawPath}`);
  const response = await next();
  currentLog().info(`Response: ${response.status}`);
  return response;
});
