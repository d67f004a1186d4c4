import { statSync } from "node:fs";
import { sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as ViteRunner from "vite/module-runner";
import type { ModuleRunner, ModuleRunnerContext } from "vite/module-runner";
import { findSpot, setSpot } from "./code-frame.ts";
import { loadedFiles, registerPluginHooks } from "./hooks.ts";
import type { ModuleLoader } from "./loader.ts";
import { explainSyntax, spotOfName } from "./module-faults.ts";
import { fileOf, forgetModules } from "./module-graph.ts";
import { isCommonJS } from "./module-kinds.ts";
import { Places, realOf } from "./module-places.ts";
import { ModuleSources, type Transform } from "./module-source.ts";

/**
 * Imports plugins by Vite's module runner: modules that have changed are imported anew with all that
 * import them, and the old ones are freed as soon as nobody uses them. Modules from elsewhere, such as
 * packages and `nexus-platform`, are Node's own.
 * @throws where Vite is not installed
 */
export async function createModuleRunner(folder: string): Promise<ModuleLoader> {
  const [vite, runner] = await Promise.all([import("vite"), import("vite/module-runner")]);
  registerPluginHooks();
  process.setSourceMapsEnabled(true);
  return new RunnerLoader(folder, runner, vite.moduleRunnerTransform as Transform);
}

class RunnerLoader implements ModuleLoader {
  readonly #vite: typeof ViteRunner;
  readonly #places: Places;
  readonly #sources: ModuleSources;
  readonly #runner: ModuleRunner;
  readonly #running = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(folder: string, vite: typeof ViteRunner, transform: Transform) {
    const evaluator = new vite.ESModulesEvaluator();
    this.#vite = vite;
    this.#places = new Places(folder);
    this.#sources = new ModuleSources(transform, evaluator.startOffset);
    this.#runner = new vite.ModuleRunner(
      {
        hmr: false,
        sourcemapInterceptor: false,
        createImportMeta: (path) => vite.createNodeImportMeta(fileOf(path)),
        transport: {
          invoke: async (call) => {
            const { name, data } = (call as Call).data;
            return { result: name === "fetchModule" ? await this.#fetch(...data) : [] };
          },
        },
      },
      {
        startOffset: evaluator.startOffset,
        runInlinedModule: (context, code, { id }) =>
          this.#run(id, context, (own) => evaluator.runInlinedModule(own, code)),
        runExternalModule: (url) =>
          evaluator.runExternalModule(url).catch((error: unknown) => {
            this.#failed.add(vite.normalizeModuleId(url));
            throw error;
          }),
      },
    );
  }

  import(file: string): Promise<{ readonly default?: unknown }> {
    return this.#runner.import(this.#target(pathToFileURL(realOf(file))));
  }

  forget(paths: readonly string[]): readonly string[] {
    this.#places.read();
    const changed = paths.map(realOf);
    const isChanged = (file: string) =>
      changed.some((path) => file === path || file.startsWith(path + sep));
    const files = forgetModules(
      this.#runner.evaluatedModules,
      (file, id) => this.#failed.has(id) || isChanged(file),
    );
    this.#failed.clear();
    return this.#places.of([...paths, ...changed, ...files]);
  }

  isBound(path: string): boolean {
    return loadedFiles.has(realOf(path));
  }

  /** What the runner knows a module by: a path for what it runs itself, a URL for what is Node's. */
  #target(url: URL): string {
    if (url.protocol !== "file:") return url.href;
    const file = fileURLToPath(url);
    return file.endsWith(".json") || this.#isOurs(file) ? url.pathname + url.search : url.href;
  }

  /** What Node has loaded before, say for nexus.config.ts, is there once, and so it is here. */
  #isOurs(file: string): boolean {
    if (!/\.m?[jt]s$/.test(file) || this.#places.find(file) === undefined) return false;
    return !loadedFiles.has(file) && !isCommonJS(file);
  }

  async #fetch(...[target, , known]: Call["data"]["data"]) {
    if (known?.cached) return { cache: true };
    if (!target.startsWith("/")) return { externalize: target, type: "module" };
    const code = await this.#sources.read(fileOf(target));
    return { code, id: target, url: target, file: null, invalidate: false };
  }

  async #run(
    id: string,
    context: ModuleRunnerContext,
    evaluate: (context: ModuleRunnerContext) => Promise<unknown>,
  ): Promise<void> {
    this.#running.add(id);
    try {
      await evaluate({ ...context, ...this.#importsOf(fileOf(id), context) });
    } catch (error) {
      this.#failed.add(id);
      throw explainSyntax(error, [fileOf(id)]);
    } finally {
      this.#running.delete(id);
    }
  }

  /** The imports of one module, as Node does them: resolved from its file, and checked. */
  #importsOf(file: string, context: ModuleRunnerContext): Partial<ModuleRunnerContext> {
    const meta = this.#vite.createNodeImportMeta(file);
    const known = new Map<string, Promise<object>>();
    const load = async (name: string, how: Import, wanted: readonly string[] = []) => {
      try {
        const url = new URL(meta.resolve(name));
        if (url.protocol === "file:") mustExist(fileURLToPath(url), file);
        const target = this.#target(url);
        const module = await how(target);
        const missing = wanted.find((one) => !(one in module));
        // In a ring the other one may not have come that far.
        if (missing === undefined || this.#running.has(target)) return module;
        throw new SyntaxError(
          `The requested module '${name}' does not provide an export named '${missing}'`,
        );
      } catch (error) {
        if (error instanceof Error && !findSpot(error)) setSpot(error, spotOfName(file, name));
        throw error;
      }
    };
    return {
      __vite_ssr_import__: (name, metadata) =>
        load(name, context.__vite_ssr_import__, metadata?.importedNames),
      // Whoever has it keeps it, when a newer one comes.
      __vite_ssr_dynamic_import__: (specifier: unknown) => {
        const name = String(specifier);
        const found = known.get(name) ?? load(name, context.__vite_ssr_dynamic_import__);
        known.set(name, found);
        found.catch(() => known.delete(name));
        return found;
      },
    };
  }
}

/** What the runner asks for. */
interface Call {
  readonly data: {
    readonly name: string;
    readonly data: readonly [target: string, importer?: string, known?: { cached?: boolean }];
  };
}

type Import = (target: string) => Promise<object>;

/** Asked of Node it would complain of whoever asks. */
function mustExist(file: string, importer: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return;
  const error = new Error(`Cannot find module '${file}' imported from ${importer}`);
  throw Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" });
}
