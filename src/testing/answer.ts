import type { Headers, Response } from "../message/index.ts";
import {
  describeWhole,
  itemsOf,
  type Out,
  reviverOf,
  type Schema,
  validatorOf,
} from "../validation/index.ts";

/** An answer, read to its end. */
export class TestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly #bytes: Uint8Array;

  constructor(response: Response, bytes: Uint8Array) {
    this.status = response.status;
    this.headers = response.headers;
    this.#bytes = bytes;
  }

  get ok(): boolean {
    return this.status < 300;
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(this.#bytes);
  }

  json(): Promise<unknown>;
  /** Checked and typed. @throws where the answer is not what the schema says */
  json<S extends Schema>(schema: S): Promise<Out<S>>;
  async json(schema?: Schema): Promise<unknown> {
    const value: unknown = JSON.parse(await this.text());
    if (!schema) return value;
    // JSON has no dates: where the schema wants one, a text is read as it is in a body.
    const revive = reviverOf(describeWhole(schema, "input"));
    const result = await validatorOf(schema)(revive ? revive(value) : value);
    if (!result.issues) return result.value;
    const faults = itemsOf(result.issues, [], value).map(
      ({ loc, msg }) => `${loc.join(".")}: ${msg}`,
    );
    throw new Error(`The answer does not fit: ${faults.join("; ")}`);
  }
}
