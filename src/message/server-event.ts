import { NexusError } from "../exceptions.ts";
import type { Request } from "./request.ts";
import { toJSON } from "./json-text.ts";

/** What a server-sent event says; one with a comment alone is heard by nobody. */
export interface ServerEvent {
  /** A text as it stands, anything else as JSON. */
  readonly data?: unknown;
  /** What listeners are called for; default `message`. */
  readonly event?: string | undefined;
  /** What a client that comes back names as the last it has seen. */
  readonly id?: string | number | undefined;
  /** Milliseconds until a client that lost us comes back. */
  readonly retry?: number | undefined;
  readonly comment?: string | undefined;
}

/** The last event that a client has seen before it lost us, as it says when it comes back. */
export function lastEventId(request: Request): string | undefined {
  const id = request.headers.get("last-event-id");
  // Header fields are read as Latin-1; browsers send this one as UTF-8.
  return id ? Buffer.from(id, "latin1").toString() : undefined;
}

/** An event as the HTML standard has it on the wire. @throws NX_SERVER_EVENT */
export function writeEvent(said: ServerEvent): string {
  if (typeof said !== "object" || said === null)
    throw fault(`${typeof said === "string" ? "a text" : String(said)} is no event`);
  const { data, event, id, retry, comment } = said;
  let text = "";
  if (comment !== undefined) text += lines("", comment);
  if (event !== undefined) text += `event: ${oneLine("event", event)}\n`;
  if (id !== undefined) text += `id: ${oneLine("id", String(id))}\n`;
  if (retry !== undefined) text += `retry: ${milliseconds(retry)}\n`;
  if (data !== undefined) text += lines("data", typeof data === "string" ? data : toJSON(data));
  if (text) return `${text}\n`;
  throw fault("an event says nothing");
}

/** Any of the three ends of a line would end the field. */
function lines(field: string, text: string): string {
  return text
    .split(/\r\n|[\r\n]/)
    .map((line) => `${field}: ${line}\n`)
    .join("");
}

function oneLine(field: string, text: string): string {
  if (!/[\r\n\0]/.test(text)) return text;
  throw fault(`the ${field} ${JSON.stringify(text)} has a line break or a NUL`);
}

function milliseconds(retry: number): number {
  if (Number.isInteger(retry) && retry >= 0) return retry;
  throw fault(`retry: ${retry} is no number of milliseconds`);
}

function fault(what: string): NexusError {
  return new NexusError("NX_SERVER_EVENT", `In a stream of events, ${what}.`, {
    cure: "Yield { data } with event and id of one line each, and retry in whole milliseconds.",
  });
}
