import { type Runtime, Session } from "node:inspector";

/** What an object keeps to itself: of each private field the keys, or how many there are. */
export function privateState(object: object): Record<string, string> {
  const session = new Session();
  session.connect();
  Object.assign(globalThis, { surveyed: object });
  try {
    const { result } = post(session, "Runtime.evaluate", { expression: "surveyed" }) as Found;
    const { privateProperties } = post(session, "Runtime.getProperties", {
      objectId: result.objectId,
    }) as Properties;
    const entries = privateProperties.flatMap(({ name, value }) => {
      if (value?.objectId === undefined) return [];
      const options = {
        objectId: value.objectId,
        functionDeclaration: `${contentOf}`,
        returnByValue: true,
      };
      return [
        [name, (post(session, "Runtime.callFunctionOn", options) as Found).result.value as string],
      ];
    });
    return Object.fromEntries(entries) as Record<string, string>;
  } finally {
    Reflect.deleteProperty(globalThis, "surveyed");
    session.disconnect();
  }
}

interface Found {
  readonly result: Runtime.RemoteObject;
}
interface Properties {
  readonly privateProperties: readonly {
    readonly name: string;
    readonly value?: Runtime.RemoteObject;
  }[];
}

/** Of one's own thread it answers at once. */
function post(session: Session, method: string, options: object): unknown {
  let answer: unknown;
  session.post(method, options, (_, found) => (answer = found));
  return answer;
}

function contentOf(this: unknown): string {
  if (this instanceof Map) return [...this.keys()].map(String).toSorted().join(" ");
  return String(Array.isArray(this) ? this.length : Object.prototype.toString.call(this));
}
