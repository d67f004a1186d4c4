import { messageOf } from "nexus-platform/exceptions";
import { publish } from "./publish.ts";
import type { Tortured } from "./tortured.ts";

/** Ways in which a new version cannot take over: what it has more, and how it is refused. */
const ways: readonly { readonly name: string; readonly code: string; readonly refusal: RegExp }[] =
  [
    { name: "import", code: `throw new Error("broken at import");`, refusal: /broken at import/ },
    { name: "syntax", code: `const = 1;`, refusal: /NX_|Unexpected|Expected/ },
    {
      name: "constructor",
      code: `export default class extends Changing { x = fail("broken when made"); }`,
      refusal: /broken when made/,
    },
    {
      name: "start",
      code: `export default class extends Changing {
      async start() {
        super.start();
        this.every(5, () => {});
        await new Promise((done) => setTimeout(done, 20));
        fail("broken at its start");
      }
    }`,
      refusal: /broken at its start/,
    },
    {
      name: "migration",
      code: `export default class extends Changing {
      static migrations = {
        ...Changing.migrations,
        "0003_broken": {
          async expand(db) {
            await db.schema.createTable("changing_broken").addColumn("n", "integer").execute();
            fail("broken in a migration");
          },
        },
      };
    }`,
      refusal: /broken in a migration/,
    },
    {
      name: "unhealthy",
      code: `export default class extends Changing { health() { fail("broken: unwell"); } }`,
      refusal: /broken: unwell/,
    },
    {
      name: "conflict",
      code: `export default class extends Changing { static prefix = "/json"; other = get("/{n:int}", () => 1); }`,
      refusal: /NX_ROUTE_CONFLICT|same/i,
    },
  ];

const before = `import Changing from "./index.ts";
import { get } from "nexus-platform";
const fail = (why) => { throw new Error(why); };
`;

/** Versions that are broken, each in its way. */
export class Broken {
  readonly #process: Tortured;
  readonly #tarballs: readonly string[];
  #tried = 0;
  /** How many were refused. */
  refused = 0;

  private constructor(process: Tortured, tarballs: readonly string[]) {
    this.#process = process;
    this.#tarballs = tarballs;
  }

  static async publish(process: Tortured, folder: string): Promise<Broken> {
    const tarballs = ways.map(({ code }, at) =>
      publish("changing", folder, {
        version: `2.0.${at}`,
        entry: "broken.ts",
        files: { "broken.ts": before + code },
      }),
    );
    return new Broken(process, await Promise.all(tarballs));
  }

  /** One try of each. */
  get ways(): number {
    return ways.length;
  }

  /** Upgrades to one after the other. @returns what should not have happened */
  async try(times: number): Promise<string[]> {
    const faults: string[] = [];
    for (let time = 0; time < times; time++) {
      const at = this.#tried++ % ways.length;
      const { name, refusal } = ways[at]!;
      const target = { spec: this.#tarballs[at] };
      try {
        await this.#process.order("upgrade", "changing", target, { allowBreaking: true });
        faults.push(`A version took over that is broken (${name})`);
      } catch (error) {
        this.refused++;
        if (!refusal.test(messageOf(error))) faults.push(`${name}: ${messageOf(error)}`);
      }
    }
    return faults;
  }
}
