import { readFileSync } from "node:fs";
import { Context } from "../context.ts";
import { endingKey, lastMoment } from "../ending.ts";
import { type Endpoint, hasRest, settle } from "../http/index.ts";
import { currentLog, logKey } from "../log.ts";
import { fromWebRequest, type Request, type Response, toWebResponse } from "../message/index.ts";
import { faultsKey, type PluginHost, type RouteTable } from "../plugin/index.ts";
import type { Answer } from "../middleware/index.ts";
import type { Scope } from "../scope.ts";
import {
  createHttpServer,
  type Exchange,
  type HttpServer,
  type HttpServerOptions,
  type Send,
} from "../transport/index.ts";
import { inTime } from "../waiting.ts";

export interface ListenOptions {
  /** Default 8000; 0 takes any free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

interface Parts {
  readonly scope: Scope;
  readonly plugins: PluginHost;
  readonly table: RouteTable;
  readonly dispatch: Answer;
  readonly server: HttpServerOptions | undefined;
}

/** A running application: answers requests, until it is closed. */
export class App implements AsyncDisposable {
  readonly scope: Scope;
  readonly plugins: PluginHost;
  readonly #table: RouteTable;
  readonly #dispatch: Parts["dispatch"];
  readonly #serverOptions: HttpServerOptions | undefined;
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  readonly #servers: HttpServer[] = [];
  #closed: Promise<void> | undefined;

  constructor({ scope, plugins, table, dispatch, server }: Parts) {
    this.scope = scope;
    this.plugins = plugins;
    this.#table = table;
    this.#dispatch = dispatch;
    this.#serverOptions = server;
  }

  /** The routes in force. */
  get routes(): readonly Endpoint[] {
    return this.#table.current.entries;
  }

  /** Answers a request of the web's kind: for adapters and tests. */
  fetch(request: globalThis.Request): Promise<globalThis.Response> {
    return new Promise((resolve, reject) => {
      const send: Send = (response) => {
        const { body } = response;
        if (body === null || typeof body === "string" || body instanceof Uint8Array) {
          resolve(toWebResponse(response, request.method));
          return undefined;
        }
        // The request ends when its stream does.
        return new Promise((done) => resolve(toWebResponse(response, request.method, done)));
      };
      this.exchange(fromWebRequest(request), send)?.catch(reject);
    });
  }

  /**
   * Answers a request, sends the answer, and then does what was left for later.
   * @param prepare sees the request's context before anybody else
   */
  exchange(
    request: Request,
    send: Send,
    prepare?: (context: Context) => void,
  ): Promise<void> | undefined {
    const context = new Context(request, this.scope);
    prepare?.(context);
    return context.run(() => this.#answer(context, send));
  }

  /** As `exchange`, in a callback of the event loop that ends behind it. */
  readonly #serve: Exchange = (request, send) => {
    const context = new Context(request, this.scope);
    context.enter();
    return this.#answer(context, send);
  };

  /** A request that waits for nothing is over when this returns. */
  #answer(context: Context, send: Send): Promise<void> | undefined {
    const response = this.#dispatch(context);
    if (response instanceof Promise)
      return this.track(response.then((settled) => this.#send(context, settled, send)));
    const rest = this.#send(context, response, send);
    return rest && this.track(rest);
  }

  #send(context: Context, response: Response, send: Send): Promise<void> | undefined {
    if (response.status >= 500) blame(context);
    try {
      const leaving = send(response, !hasRest(context));
      if (leaving) return this.#sendLater(context, leaving);
    } catch (error) {
      return this.#sendLater(context, Promise.reject(error));
    }
    return settle(context);
  }

  async #sendLater(context: Context, leaving: Promise<void>): Promise<void> {
    try {
      await leaving;
    } catch (error) {
      const { method, rawPath } = context.request;
      currentLog().error({ err: error }, `The answer to ${method} ${rawPath} broke off`);
      throw error;
    } finally {
      await settle(context);
    }
  }

  /** Has `close` wait for what answers a request, before the plugins stop. */
  async track(exchange: Promise<void>): Promise<void> {
    this.#running++;
    try {
      await exchange;
    } finally {
      if (--this.#running === 0) this.#idle?.resolve();
    }
  }

  /** Resolves when no answer has anything left to do. */
  #settled(): Promise<void> {
    return this.#running ? (this.#idle ??= Promise.withResolvers()).promise : Promise.resolve();
  }

  /** Serves on a port. @throws NX_LISTEN */
  async listen({ port = 8000, host = "127.0.0.1" }: ListenOptions = {}): Promise<{
    readonly url: string;
    readonly port: number;
  }> {
    const server = await this.run(() =>
      createHttpServer(this.#serve, { port, host }, this.#serverOptions),
    );
    this.#servers.push(server);
    const { port: taken } = server.address;
    const name =
      host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
    const scheme = this.#serverOptions?.tls ? "https" : "http";
    return { url: `${scheme}://${name}:${taken}`, port: taken };
  }

  /** Runs code inside the app: it can `emit`, `inject` and query. */
  run<R>(work: () => R): R {
    return this.scope.run(work);
  }

  /**
   * Stops accepting, finishes what runs, stops the plugins.
   * @param deadline seconds until what still runs is given up; default 30, Infinity: never
   */
  close(deadline = 30): Promise<void> {
    return (this.#closed ??= this.#close(deadline));
  }

  async #close(deadline: number): Promise<void> {
    const end = performance.now() + deadline * 1000;
    const ending = this.scope.get(endingKey);
    const ended = ending.begin(deadline);
    await Promise.all(this.#servers.map((server) => server.close(deadline)));
    // Answers that have left may still have work behind them.
    if (!(await inTime(end - performance.now(), this.#settled()))) {
      ending.giveUp();
      await inTime(lastMoment, this.#settled());
    }
    const isEnded = await inTime(
      Math.max(end - performance.now(), 0) + leastForStopping,
      this.plugins.stop().then(() => this.scope.run(() => this.scope.dispose())),
    );
    ended();
    if (!isEnded) this.scope.get(logKey).error("A plugin or service did not stop in time");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Counts it against the plugin that answered. */
function blame(context: Context): void {
  const faults = context.find(faultsKey);
  if (faults) faults.count++;
}

/** Milliseconds that plugins get to stop once the time is up for all that runs. */
const leastForStopping = 5000;

/** Of this platform. */
export const version: string = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  }
).version;
