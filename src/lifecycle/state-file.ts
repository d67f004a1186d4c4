import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord } from "../config/place.ts";
import { Drafts } from "../drafts.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { isMissing } from "../commit.ts";
import { type EarlierState, modernState } from "./earlier-state.ts";
import { type PluginStates, type SavedState, type StateChanges, withChanges } from "./state.ts";
import { writeWhole } from "./whole-file.ts";

/** Remembers in a file, which one process writes: whenever that is killed, the file is whole. */
export class FileStates implements PluginStates {
  readonly #file: string;
  readonly #drafts: Drafts;
  /** What else stands there, which may be of a later version of the platform. */
  readonly #others: Omit<Content, "plugins">;
  #states: ReadonlyMap<string, SavedState>;
  #last: Promise<void> = Promise.resolve();

  private constructor(folder: string, { plugins, ...others }: Content) {
    this.#file = join(folder, "state.json");
    this.#drafts = new Drafts(join(folder, ".drafts"));
    this.#others = others;
    this.#states = new Map(Object.entries(plugins));
  }

  /**
   * Reads `state.json` of a folder; where there is none, nothing was decided.
   * @throws NX_PLUGIN_STATE for one that cannot be read, which stays as it is
   */
  static async open(folder: string): Promise<FileStates> {
    return new FileStates(folder, await read(join(folder, "state.json")));
  }

  get names(): readonly string[] {
    return [...this.#states.keys()];
  }

  get(name: string): SavedState | undefined {
    return this.#states.get(name);
  }

  /** @throws NX_PLUGIN_STATE when it cannot be written */
  change(changes: StateChanges): Promise<void> {
    const change = this.#last.then(() => this.#change(changes));
    this.#last = change.catch(() => {});
    return change;
  }

  async #change(changes: StateChanges): Promise<void> {
    const states = withChanges(this.#states, changes);
    const content: Content = { ...this.#others, plugins: Object.fromEntries(states) };
    try {
      // There may be secrets among the settings.
      await writeWhole(this.#drafts, this.#file, `${JSON.stringify(content, null, 2)}\n`);
    } catch (cause) {
      throw new NexusError(
        "NX_PLUGIN_STATE",
        `${this.#file} cannot be written: ${messageOf(cause)}.`,
        { cure: "Make room, or let this process write there; nothing has changed.", cause },
      );
    }
    this.#states = states;
  }
}

interface Content<State = SavedState> {
  readonly format: number;
  readonly plugins: Readonly<Record<string, State>>;
}

/** Of the file; a later one may mean something else by the same words. */
const format = 1;

async function read(file: string): Promise<Content> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return { format, plugins: {} };
    throw broken(file, [messageOf(cause)], cause);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    // The parser's own message repeats a part of the text, which may be secret.
    throw broken(file, ["it is no JSON"], cause);
  }
  const faults = faultsIn(content);
  if (faults.length) throw broken(file, faults);
  const { plugins, ...others } = content as Content<EarlierState>;
  const modern = Object.entries(plugins).map(([name, state]) => [name, modernState(state)]);
  return { ...others, plugins: Object.fromEntries(modern) };
}

function faultsIn(content: unknown): string[] {
  if (!isRecord(content) || typeof content["format"] !== "number" || !isRecord(content["plugins"]))
    return ['it has no "format" and "plugins"'];
  if (content["format"] !== format) return [`it is of format ${content["format"]}, not ${format}`];
  return Object.entries(content["plugins"]).flatMap(([name, state]) => {
    const fits = isRecord(state) && Object.entries(shapes).every(([key, fit]) => fit(state[key]));
    return fits ? [] : [`what it says of "${name}" does not fit`];
  });
}

const isText = (value: unknown): boolean => typeof value === "string";
const perhaps =
  (fits: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || fits(value);

function isPrevious(value: unknown): boolean {
  return (
    isRecord(value) &&
    perhaps(isText)(value["version"]) &&
    perhaps(isText)(value["copy"]) &&
    perhaps(isRecord)(value["settings"]) &&
    perhaps(isPrevious)(value["previous"])
  );
}

const isDue = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value["from"]) &&
  isText(value["reason"]) &&
  perhaps(isText)(value["copy"]);

/** What each member must be; others are none of ours. */
const shapes: Readonly<Record<string, (value: unknown) => boolean>> = {
  enabled: (value) => typeof value === "boolean",
  version: perhaps(isText),
  previous: perhaps(isPrevious),
  change: perhaps(
    (value) =>
      isRecord(value) &&
      isText(value["id"]) &&
      isText(value["kind"]) &&
      perhaps(isText)(value["version"]) &&
      perhaps(isDue)(value["due"]),
  ),
  watch: perhaps((value) => isRecord(value) && isText(value["until"]) && isRecord(value["before"])),
  upgrading: perhaps((value) => isRecord(value) && isText(value["version"])),
  settings: perhaps(isRecord),
  changedAt: isText,
};

function broken(file: string, faults: readonly string[], cause?: unknown): NexusError {
  return new NexusError("NX_PLUGIN_STATE", `${file} cannot be read: ${faults.join("; ")}.`, {
    cure: "Mend it or put a copy of it back. Without it no plugin has a version or settings from here.",
    cause,
  });
}
