import { get, inject, JSONResponse, Plugin, Service } from "nexus-platform";
import { setTimeout as sleep } from "node:timers/promises";

/** As its owner has it, in any version. */
abstract class Speaker extends Service {
  static readonly key = "changing/Speaker";
  abstract say(): string;
}

/** Needs the plugin that is changed, and is replaced along with it. */
export default class Leaning extends Plugin {
  static override readonly prefix = "/leaning";

  speaker = inject(Speaker);
  first = this.speaker.say();

  whole = get("/whole", async () => {
    const before = this.speaker.say();
    await sleep(20);
    // As somebody sees it who asks anew.
    const now = inject(Speaker).say();
    const versions = [before, this.first, this.speaker.say(), now];
    return new JSONResponse({ versions }, { headers: { "X-Version": before } });
  });
}
