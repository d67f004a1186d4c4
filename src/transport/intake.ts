import type { Server } from "node:http";
import { logOf } from "../log.ts";
import { findScope } from "../scope.ts";
import type { Connection } from "./connection.ts";
import { DirectTurn, nobody } from "./direct.ts";
import { framingOf, plainLength } from "./framing.ts";
import type { HeadWriter } from "./head.ts";
import { HeldTurn, takeFields } from "./held.ts";
import {
  type OnBody,
  type OnEnd,
  type OnHead,
  type Parser,
  type ParserPlan,
  samplePlan,
  type ServedSocket,
} from "./parser.ts";
import { refuseRequest } from "./refuse.ts";
import type { Fault } from "./turn.ts";
import { createMeasures, isWatched } from "./watchers.ts";

export interface IntakeOptions {
  readonly scheme: "http" | "https";
  readonly heads: HeadWriter;
  /** Answers a request. */
  readonly begin: (turn: DirectTurn, connection: Connection) => void;
}

/** @returns what begins to take the requests of a connection, where that is possible */
export function createIntake(
  server: Server,
  options: IntakeOptions,
): (connection: Connection) => void {
  const scope = findScope();
  const measures = createMeasures(server);
  let isKnown = true;
  const forget = (): void => {
    isKnown = false;
    logOf(scope).warn({ code: "NX_PARSER" }, unknown);
  };
  // While somebody is told of each response, none is made to look at.
  let plan = isWatched() ? undefined : samplePlan();
  if (!plan && !isWatched()) forget();
  return (connection) => {
    if (!isKnown || isWatched() || measures()) return;
    const { parser } = connection.socket as ServedSocket;
    plan ??= samplePlan();
    if (plan && parser) new Intake(connection, parser, plan, options).start();
    else forget();
  };
}

const unknown =
  "The direct transport does not know the HTTP parser of this Node: node:http answers alone, as with " +
  'server.transport "stock".';

/**
 * Stands between the parser of a connection and node:http. A plain request becomes a turn at once, with no
 * object of node:http made for it; all others go on to where they would have gone.
 */
class Intake {
  readonly #connection: Connection;
  readonly #socket: ServedSocket;
  readonly #parser: Parser;
  readonly #plan: ParserPlan;
  readonly #options: IntakeOptions;
  readonly #stock: { readonly head: OnHead; readonly body: OnBody; readonly end: OnEnd };
  /** Where the body goes that is arriving; if to neither of them, to node:http. */
  #turn: DirectTurn | undefined;
  #aside: Aside | undefined;
  #hearsEnd = true;

  constructor(connection: Connection, parser: Parser, plan: ParserPlan, options: IntakeOptions) {
    this.#connection = connection;
    this.#socket = connection.socket;
    this.#parser = parser;
    this.#plan = plan;
    this.#options = options;
    this.#stock = {
      head: parser[plan.head] as OnHead,
      body: parser[plan.body] as OnBody,
      end: parser[plan.end] as OnEnd,
    };
  }

  start(): void {
    this.#listen(this.#head, this.#body, this.#end);
    // Parsers are used again, and not only by this server.
    const { head, body, end } = this.#stock;
    this.#socket.once("close", () => this.#listen(head, body, end));
  }

  #listen(head: OnHead, body: OnBody, end: OnEnd): void {
    this.#parser[this.#plan.head] = head;
    this.#parser[this.#plan.body] = body;
    this.#parser[this.#plan.end] = end;
  }

  readonly #head: OnHead = (
    major,
    minor,
    fields,
    method,
    target,
    status,
    phrase,
    isUpgrade,
    keeps,
  ) => {
    const name = this.#plan.methods[method];
    if (
      fields !== undefined &&
      target !== undefined &&
      name !== undefined &&
      minor === 1 &&
      major === 1 &&
      !isUpgrade &&
      target.charCodeAt(0) === slash &&
      this.#isFree()
    ) {
      const size = plainLength(fields);
      if (size >= 0) {
        this.#receive(name, target, fields, size, keeps);
        return 0;
      }
    }
    return this.#pass([major, minor, fields, method, target, status, phrase, isUpgrade, keeps]);
  };

  /** Whether nothing of node:http stands before a request, and nobody wants to hear of it there. */
  #isFree(): boolean {
    const { latest, isOpen, isBroken } = this.#connection;
    if (!isOpen || isBroken || isWatched()) return false;
    if (latest) return latest instanceof DirectTurn;
    const { _httpMessage: writing } = this.#socket;
    return !writing || writing === nobody;
  }

  #receive(method: string, target: string, fields: string[], size: number, keeps: boolean): void {
    const { scheme, heads } = this.#options;
    const turn = new DirectTurn(this.#connection, scheme, heads, method, target, fields, size);
    if (!keeps) turn.isLast = true;
    if (!this.#connection.latest) this.#socket._httpMessage = nobody;
    if (size) this.#turn = turn;
    // Its length says where it ends: the parser, which takes a twentieth of a request to say so, need not.
    this.#hearEnd(false);
    if (this.#connection.add(turn)) this.#options.begin(turn, this.#connection);
  }

  #hearEnd(hears: boolean): void {
    if (hears === this.#hearsEnd) return;
    this.#hearsEnd = hears;
    this.#parser[this.#plan.end] = hears ? this.#end : undefined;
  }

  readonly #body: OnBody = (chunk) => {
    const turn = this.#turn;
    if (turn) {
      turn.take(chunk);
      if (!turn.isArriving) this.#turn = undefined;
    } else if (this.#aside) this.#aside.take(chunk);
    else this.#stock.body.call(this.#parser, chunk);
  };

  readonly #end: OnEnd = () => {
    if (this.#aside) {
      takeFields(this.#parser);
      this.#aside.end();
      this.#aside = undefined;
    } else {
      this.#stock.end.call(this.#parser);
    }
  };

  /** To node:http, as soon as it may write. */
  #pass(head: Parameters<OnHead>): number {
    this.#hearEnd(true);
    const connection = this.#connection;
    const { isOpen, isBroken, latest } = connection;
    const isConnect = head[3] === this.#plan.connect;
    const isNext = !(latest instanceof DirectTurn || latest instanceof HeldTurn);
    if (isOpen && !isBroken && isNext && !isConnect) return this.#give(head);
    const collected = takeFields(this.#parser);
    head[2] ??= collected.fields;
    head[4] ??= collected.target;
    this.#aside = nowhere;
    if (!isOpen || isBroken) return 0;
    const fault: Fault | undefined = isConnect
      ? [405]
      : framingOf(head[0], head[1], head[4], head[2]).fault;
    if (fault) refuseRequest(connection, fault);
    else this.#hold(head);
    return 0;
  }

  #give(head: Parameters<OnHead>): number {
    if (this.#socket._httpMessage === nobody) this.#socket._httpMessage = null;
    return this.#stock.head.apply(this.#parser, head);
  }

  /** node:http would write in between: it knows nothing of the answers that are still to come. */
  #hold(head: Parameters<OnHead>): void {
    const held = new HeldTurn(this.#connection, (chunks, isWhole) => {
      // Parsers are used again.
      if (this.#socket.parser !== this.#parser) return;
      // The parser may be within the head of another one.
      const { fields, target } = takeFields(this.#parser);
      this.#give(head);
      for (const chunk of chunks) this.#stock.body.call(this.#parser, chunk);
      if (isWhole) this.#stock.end.call(this.#parser);
      else this.#aside = undefined;
      this.#parser._headers = fields;
      this.#parser._url = target;
    });
    if (!head[8]) held.isLast = true;
    this.#aside = held;
    this.#connection.hold(held);
  }
}

const slash = 0x2f;

/** Where a request goes that is not passed on. */
interface Aside {
  take(chunk: Uint8Array): void;
  end(): void;
}

const nowhere: Aside = { take() {}, end() {} };
