export { Events, eventsKey } from "./bus.ts";
export { emit } from "./emit.ts";
export { event, type EventType } from "./event.ts";
export { type Happened, type Listener, type ListenOptions, on, once } from "./listener.ts";
export { waitFor, type WaitOptions } from "./wait.ts";
