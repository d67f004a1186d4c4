import { Session } from "node:inspector";
import type { Runtime } from "node:inspector";

/** What an object keeps to itself: of each private field its size, of a map its keys too. */
export function privateState(object: object): Record<string, string> {
  const session = new Session();
  session.connect();
  const post = <T>(method: string, options: object): T => {
    let result: T | undefined;
    // Of one's own thread it answers at once.
    session.post(method, options, (_error, found) => (result = found as T));
    return result!;
  };
  try {
    Object.assign(globalThis, { surveyed: object });
    const { result } = post<Runtime.EvaluateReturnType>("Runtime.evaluate", {
      expression: "globalThis.surveyed",
    });
    const { privateProperties = [] } = post<
      Runtime.GetPropertiesReturnType & { privateProperties?: Runtime.PropertyDescriptor[] }
    >("Runtime.getProperties", { objectId: result.objectId, ownProperties: true });
    return Object.fromEntries(
      privateProperties.flatMap(({ name, value }) => {
        if (!value?.objectId) return [];
        const keys = post<Runtime.CallFunctionOnReturnType>("Runtime.callFunctionOn", {
          objectId: value.objectId,
          functionDeclaration: `function () {
            if (this instanceof Map) return [...this.keys()].map(String).sort().join(" ");
            return Array.isArray(this) ? String(this.length) : this instanceof Set ? String(this.size) : "";
          }`,
          returnByValue: true,
        });
        return [[name, String(keys.result.value)]];
      }),
    );
  } finally {
    Reflect.deleteProperty(globalThis, "surveyed");
    session.disconnect();
  }
}
