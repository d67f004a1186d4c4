/** Remembers where a function was called from; the text is made only when somebody asks. */
export function callSite(callee: (...args: never[]) => unknown): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  const site = new Error("declared here");
  Error.captureStackTrace(site, callee);
  Error.stackTraceLimit = stackTraceLimit;
  return site;
}

/** `file:line` of a call site. */
export function placeOf(site: Error): string {
  const [, file, line] =
    /\(?((?:file:\/\/|\/|[A-Za-z]:).*?):(\d+):\d+\)?$/m.exec(site.stack ?? "") ?? [];
  if (!file) return "somewhere";
  const path = file.startsWith("file:") ? decodeURIComponent(new URL(file).pathname) : file;
  return `${path.replace(/\?.*$/, "")}:${line}`;
}
