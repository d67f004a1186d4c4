import { object, text } from "../shape/index.ts";

/** The answer where there is nothing else to tell. */
export const Message = object("Message", { message: text() });
