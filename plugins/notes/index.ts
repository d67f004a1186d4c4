import { hash, timingSafeEqual } from "node:crypto";
import {
  del,
  dependency,
  get,
  inject,
  middleware,
  NotFound,
  notFound,
  on,
  PermissionDenied,
  Plugin,
  post,
  type Request,
  secret,
} from "nexus-platform";
import type { Next } from "nexus-platform/middleware";
import { z } from "zod";
import { migrations, NotesService } from "./notes-service.ts";

const Note = z.object({ id: z.int(), text: z.string(), created_at: z.date() }).meta({ id: "Note" });

/** Lets those pass who send the key that the settings have, and everybody where they have none. */
const admission = dependency(
  {
    headers: {
      "x-notes-key": z.string().optional().describe("Needed where the settings have a key"),
    },
    use: { notes: NotesService },
  },
  ({ "x-notes-key": given = "", notes }) => {
    if (notes.key !== undefined && !isSame(given, notes.key))
      throw new PermissionDenied("The X-Notes-Key is not the right one");
  },
);

// What a route says stands before the class, so that a method can name the type of its input.
const list = get("/", { response: z.array(Note) });
const create = post("/", {
  body: z.object({ text: z.string().min(1).max(1000) }),
  response: Note,
  status: 201,
  use: { admission },
  responses: { 403: PermissionDenied },
});
const remove = del("/{id:int}", {
  status: 204,
  use: { admission },
  responses: { 403: PermissionDenied, 404: NotFound },
});

export default class Notes extends Plugin {
  static prefix = "/notes";
  static services = [NotesService];
  static migrations = migrations;
  static config = z.object({
    /** How many notes are kept. */
    keep: z.int().min(1).default(100),
    /** Whoever changes notes must send it as X-Notes-Key; without one anybody may. */
    key: secret(z.string()).optional(),
  });
  declare readonly config: z.output<typeof Notes.config>;

  notes = inject(NotesService);

  start(): void {
    this.notes.key = this.config.key;
  }

  /** List the notes, the newest first. */
  @list
  async listNotes() {
    return this.notes.list();
  }

  /** Leave a note. */
  @create
  async createNote({ body }: typeof create.input) {
    return this.notes.add(body.text, this.config.keep);
  }

  /** Take a note away. */
  @remove
  async removeNote({ id }: typeof remove.input) {
    if (!(await this.notes.remove(id))) notFound("Note not found");
  }

  @middleware
  async askAgain(_request: Request, next: Next) {
    const response = await next();
    // Anybody may have left a note since.
    response.headers.set("Cache-Control", "no-cache");
    return response;
  }

  // Of another plugin only the name of its event is known, so the data is checked here.
  greet = on("user.created", async ({ data }) => {
    const { username } = NewUser.parse(data);
    await this.notes.add(`Welcome, ${username}!`, this.config.keep);
  });
}

const NewUser = z.object({ username: z.string() });

/** In a time that tells nothing of how much was right. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", wanted, "buffer"));
}
