import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, type AppOptions, createApp } from "../app/index.ts";
import { createIdentity, type Identity, identityKey } from "../auth/index.ts";
import type { Context } from "../context.ts";
import type { Dependency } from "../dependency.ts";
import { isHTTPException } from "../exceptions.ts";
import { silent } from "../log.ts";
import { Headers, parseCookies, Request, type Response } from "../message/index.ts";
import type { PluginClass, PluginSource } from "../plugin/index.ts";
import { TestResponse } from "./answer.ts";
import { type Asking, contentOf, withQuery } from "./asking.ts";
import type { Content } from "./multipart.ts";

/** Somebody for `as`: what is not said, the user has not. */
export interface TestUser {
  readonly id: string;
  readonly username: string;
  /** `users:*` is all that begin with `users:`. */
  readonly permissions?: readonly string[];
  readonly roles?: readonly string[];
}

export interface TestOptions extends Omit<AppOptions, "plugins" | "overrides"> {
  /** An unexpected error of a handler is thrown at the test, not answered as 500; default true. */
  readonly raiseErrors?: boolean;
}

type Ask = (path: string, asking?: Asking) => Promise<TestResponse>;

interface Shared {
  readonly app: App;
  readonly overrides: Map<object, () => unknown>;
  readonly cookies: Map<string, string>;
  readonly raiseErrors: boolean;
  readonly close: () => Promise<void>;
}

/** Asks an app in memory: no port, no socket. */
export class TestClient implements AsyncDisposable {
  /** Sent with every request. */
  readonly headers: Record<string, string> = {};
  readonly #shared: Shared;
  readonly #user: Identity | undefined;

  private constructor(shared: Shared, user?: Identity) {
    this.#shared = shared;
    this.#user = user;
  }

  /**
   * Starts one plugin, several, or takes a running app. A started one has a database in memory, a
   * data folder of its own that is removed at the end, no environment, and no log.
   */
  static async of(
    subject: PluginClass | PluginSource | readonly (PluginClass | PluginSource)[] | App,
    options: TestOptions = {},
  ): Promise<TestClient> {
    const { raiseErrors = true, ...rest } = options;
    const overrides = new Map<object, () => unknown>();
    const shared = { overrides, cookies: new Map<string, string>(), raiseErrors };
    if (subject instanceof App)
      return new TestClient({ ...shared, app: subject, close: async () => {} });
    const dataDir = await mkdtemp(join(tmpdir(), "nexus-test-"));
    const remove = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
    try {
      const app = await createApp({
        env: {},
        log: silent,
        ...rest,
        plugins: [subject as PluginClass | PluginSource[]].flat(),
        overrides,
        settings: { dataDir, databaseUrl: "sqlite::memory:", ...rest.settings },
      });
      const patience = rest.settings?.shutdownTimeout ?? shutdownTimeout;
      return new TestClient({ ...shared, app, close: () => app.close(patience).then(remove) });
    } catch (error) {
      await remove();
      throw error;
    }
  }

  get app(): App {
    return this.#shared.app;
  }

  /** The cookies that answers have set. */
  get cookies(): Map<string, string> {
    return this.#shared.cookies;
  }

  readonly get: Ask = this.#asks("GET");
  readonly post: Ask = this.#asks("POST");
  readonly put: Ask = this.#asks("PUT");
  readonly patch: Ask = this.#asks("PATCH");
  readonly delete: Ask = this.#asks("DELETE");
  readonly head: Ask = this.#asks("HEAD");
  readonly options: Ask = this.#asks("OPTIONS");

  #asks(method: string): Ask {
    return (path, asking) => this.request(method, path, asking);
  }

  /** The same client, asking as somebody. */
  as(user: TestUser | Identity): TestClient {
    const client = new TestClient(this.#shared, identityOf(user));
    Object.assign(client.headers, this.headers);
    return client;
  }

  /** Puts something in the place of a dependency, from now on. Returns the undo. */
  override<T>(
    dependency: Dependency<T, never>,
    provide: () => NoInfer<T | Promise<T>>,
  ): () => void {
    this.#shared.overrides.set(dependency, provide);
    return () => this.#shared.overrides.delete(dependency);
  }

  /** Resolves when the answer is complete and its background work is done. */
  async request(method: string, path: string, asking: Asking = {}): Promise<TestResponse> {
    let next = { method, target: withQuery(path, asking.query), asking };
    for (let hops = 0; ; hops++) {
      const response = await this.#ask(next.method, next.target, next.asking);
      const location = response.headers.get("location");
      const redirects = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
      if (!redirects || asking.followRedirects === false || hops === 20) return response;
      const { host, pathname, search } = new URL(location, `http://testserver${next.target}`);
      if (host !== "testserver") return response;
      const keepsMethod = response.status > 303 || ["GET", "HEAD"].includes(next.method);
      const { json: _, form: __, files: ___, body: ____, ...bare } = asking;
      next = {
        method: keepsMethod ? next.method : "GET",
        target: pathname + search,
        asking: keepsMethod ? asking : bare,
      };
    }
  }

  async #ask(method: string, target: string, asking: Asking): Promise<TestResponse> {
    const { app, raiseErrors } = this.#shared;
    const request = this.#requestOf(method, target, asking, await contentOf(asking));
    let answer: TestResponse | undefined;
    let context: Context | undefined;
    const send = async (response: Response): Promise<void> => {
      const bytes = method === "HEAD" ? new Uint8Array() : await response.bytes();
      answer = new TestResponse(response, bytes);
    };
    await app.exchange(request, send, (made) => {
      context = made;
      if (this.#user) made.provide(identityKey, this.#user);
    });
    const error = context?.error;
    if (raiseErrors && answer!.status === 500 && error !== undefined && !isHTTPException(error))
      throw error;
    this.#keepCookies(answer!.headers);
    return answer!;
  }

  #requestOf(method: string, target: string, asking: Asking, { type, body }: Content): Request {
    const headers = new Headers({ host: "testserver", ...this.headers });
    if (type) headers.set("content-type", type);
    if (body !== undefined) headers.set("content-length", String(Buffer.byteLength(body)));
    const cookies = Object.entries({ ...Object.fromEntries(this.cookies), ...asking.cookies });
    const sent = cookies.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    if (sent.length) headers.set("cookie", sent.join("; "));
    for (const [name, value] of Object.entries(asking.headers ?? {})) headers.set(name, value);
    return new Request({
      method,
      target,
      headers,
      body: body === undefined || !body.length ? undefined : oneChunk(body),
      address: "127.0.0.1",
    });
  }

  #keepCookies(headers: Headers): void {
    for (const field of headers.getSetCookie()) {
      const [pair = "", ...attributes] = field.split(";").map((part) => part.trim());
      const [[name, value] = ["", ""]] = parseCookies(pair);
      const gone = attributes.some((one) => /^max-age=(0|-\d+)$/i.test(one) || isPast(one));
      if (gone) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared.close();
  }
}

/** Seconds: a test waits no longer for what it has left running, such as a task that never ends. */
const shutdownTimeout = 1;

function identityOf(user: TestUser | Identity): Identity {
  return "hasPermission" in user ? user : createIdentity(user);
}

async function* oneChunk(body: string | Uint8Array): AsyncIterable<Uint8Array> {
  yield Buffer.from(body);
}

function isPast(attribute: string): boolean {
  return /^expires=/i.test(attribute) && Date.parse(attribute.slice(8)) <= Date.now();
}
