import { type Happened, on } from "../events/index.ts";
import {
  type Endpoint,
  type ErrorFormat,
  get,
  type Request,
  type Response,
  type Router,
} from "../http/index.ts";
import { hostKey, Plugin, tableKey } from "../plugin/index.ts";
import { currentScope, key, type Scope } from "../scope.ts";
import { type Asset, createAsset, sendAsset, SwaggerFiles } from "./assets.ts";
import { Comments } from "./comments.ts";
import type { OpenAPIDocument, Server } from "./document.ts";
import { createOpenAPI } from "./openapi.ts";
import { docsPage, initScript, policyFor, redirectPage } from "./page.ts";
import { findTag, tagChanges } from "./tags.ts";
import { warnOfUndescribed } from "./undescribed.ts";

export interface DocsOptions {
  /** Default "Nexus API". */
  readonly title?: string;
  /** Of the API; default "0.1.0". */
  readonly version?: string;
  /** Markdown. */
  readonly description?: string;
  /** Default: where the document comes from. */
  readonly servers?: readonly Server[];
  /** Stands before `/docs` and `/openapi.json`; default nothing. */
  readonly path?: string;
}

export const docsOptionsKey = key<DocsOptions>("nexus/docsOptions");
/** The form of the error answers of the app. */
export const errorFormatKey = key<ErrorFormat>("nexus/errorFormat");

/** Milliseconds after which the start of a plugin is over. */
const moment = 500;

const hidden = { hidden: true } as const;

/** Serves the OpenAPI document of the app, and a page to read it and to try it out. */
export class DocsPlugin extends Plugin {
  readonly #app = currentScope("new DocsPlugin()").root;
  readonly #options = this.#app.find(docsOptionsKey) ?? {};
  readonly #files = new SwaggerFiles();
  readonly #comments = new Comments();
  readonly #documents = new WeakMap<
    Router<Endpoint>,
    { readonly changes: number; readonly asset: Promise<Asset> }
  >();

  /** Those whose answers nobody has looked at. */
  readonly #started = new Set<string>();
  #warning: NodeJS.Timeout | undefined;

  /**
   * What cannot be described is said when a plugin starts, not when somebody reads the document; but finding it out
   * takes all schemas apart, and the start need not wait for that.
   */
  warnLater = on("plugin.*.started", ({ data }: Happened) => {
    const { plugin } = data as { plugin: string };
    this.#started.add(plugin);
    this.#warning ??= setTimeout(() => this.#warn(), moment).unref();
  });

  #warn(): void {
    this.#warning = undefined;
    for (const endpoint of this.#app.get(tableKey).current.entries) {
      if (!this.#started.has(endpoint.plugin)) continue;
      try {
        warnOfUndescribed(endpoint);
      } catch (error) {
        // Nobody waits for this: what a schema throws must not end the process.
        this.log.error({ err: error }, `${endpoint.method} ${endpoint.path} cannot be described`);
      }
    }
    this.#started.clear();
  }

  stop(): void {
    clearTimeout(this.#warning);
  }

  openapi = get(this.#at("/openapi.json"), hidden, async ({ request }) =>
    sendAsset(request, await this.#document()),
  );

  page = get(this.#at("/docs"), hidden, ({ request }) =>
    this.#html(request, docsPage(this.#options.title ?? "Nexus API")),
  );
  redirect = get(this.#at("/docs/oauth2-redirect"), hidden, ({ request }) =>
    this.#html(request, redirectPage),
  );
  init = get(this.#at("/docs/init.js"), hidden, ({ request }) =>
    sendAsset(request, createAsset(initScript, "text/javascript")),
  );
  styles = this.#swagger("swagger-ui.css", "text/css");
  bundle = this.#swagger("swagger-ui-bundle.js", "text/javascript");
  redirectScript = this.#swagger("oauth2-redirect.js", "text/javascript");
  icon = this.#swagger("favicon-32x32.png", "image/png");

  #at(path: string): string {
    return (this.#options.path ?? "").replace(/\/$/, "") + path;
  }

  #swagger(name: string, mediaType: string) {
    return get(this.#at(`/docs/${name}`), hidden, async ({ request }) =>
      sendAsset(request, await this.#files.get(name, mediaType)),
    );
  }

  #html(request: Request, text: string): Response {
    const policy = policyFor(this.#options.servers);
    return sendAsset(request, createAsset(text, "text/html"), {
      "Content-Security-Policy": policy,
    });
  }

  /** Made once for each state of the app. */
  #document(): Promise<Asset> {
    const table = this.#app.get(tableKey).current;
    const known = this.#documents.get(table);
    if (known?.changes === tagChanges()) return known.asset;
    const asset = describeApp(this.#app, this.#comments).then((document) =>
      createAsset(JSON.stringify(document), "application/json"),
    );
    this.#documents.set(table, { changes: tagChanges(), asset });
    asset.catch(() => this.#documents.delete(table));
    return asset;
  }
}

/** The OpenAPI document of an app as it is now. */
export async function describeApp(
  app: Scope,
  comments: Comments = new Comments(),
): Promise<OpenAPIDocument> {
  const { entries } = app.get(tableKey).current;
  const visible = entries.filter(({ declared }) => !declared.spec.hidden);
  const commentOf = await comments.of(visible.map(({ declared }) => declared));
  const titles = new Map(
    app.find(hostKey)?.plugins.map(({ name, manifest }) => [name, manifest?.title]),
  );
  const errorFormat = app.find(errorFormatKey);
  return createOpenAPI(visible, {
    ...app.find(docsOptionsKey),
    ...(errorFormat && { errorFormat }),
    titleOf: (plugin) => titles.get(plugin),
    commentOf,
    tagOf: (name) => findTag(app, name),
  });
}
