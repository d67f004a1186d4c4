import { get, Plugin } from "nexus-platform";

/** Short answers. */
export default class JSONs extends Plugin {
  static override readonly prefix = "/json";

  double = get("/{n:int}", ({ n }) => ({ n, double: 2 * n }));
}
