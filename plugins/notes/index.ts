import { hash, timingSafeEqual } from "node:crypto";
import {
  del,
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

// What a route says stands before the class, so that a method can name the type of its input.
const list = get("/", { response: z.array(Note) });
const create = post("/", {
  body: z.object({ text: z.string().min(1).max(1000) }),
  response: Note,
  status: 201,
  responses: { 403: PermissionDenied },
});
const remove = del("/{id:int}", {
  status: 204,
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
  async askForKey(request: Request, next: Next) {
    const { key } = this.config;
    const isReading = request.method === "GET" || request.method === "HEAD";
    if (key !== undefined && !isReading && !isSame(request.headers.get("x-notes-key") ?? "", key))
      throw new PermissionDenied("The X-Notes-Key is not the right one");
    return next();
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
