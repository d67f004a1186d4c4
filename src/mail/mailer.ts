import { join } from "node:path";
import { settingsKey } from "../config/index.ts";
import { type Scope } from "../scope.ts";
import { perApp, Service } from "../services.ts";
import { compose, type Letter } from "./letter.ts";
import { outbox, smtp, type Transport } from "./transport.ts";

export interface MailerOptions {
  /** Without a mail server, letters go to the folder `outbox` in it. */
  readonly dataDir: string;
  /** A mail server, as `smtps://user:password@smtp.example.com`; needs nodemailer. */
  readonly smtpUrl?: string | undefined;
  /** Who letters come from; default `nexus@localhost`. */
  readonly from?: string | undefined;
}

/** @throws NX_MAIL_URL */
export function createMailer({ dataDir, smtpUrl, from }: MailerOptions): Mailer {
  return new Mailer(smtpUrl ? smtp(smtpUrl) : outbox(join(dataDir, "outbox")), from);
}

/** Letters out: `mailer = inject(Mailer)`. */
export class Mailer extends Service {
  static readonly key = "nexus/Mailer";

  /** By the settings: a mail server where there is one, else the outbox. */
  static [perApp](app: Scope): Mailer {
    const { dataDir, smtpUrl, mailFrom } = app.get(settingsKey);
    return createMailer({ dataDir, smtpUrl, from: mailFrom });
  }

  readonly #transport: Transport;
  readonly #from: string;

  constructor(transport: Transport, from = "nexus@localhost") {
    super();
    this.#transport = transport;
    this.#from = from;
  }

  /** @throws NX_PEER_MISSING, at start rather than at the first letter */
  override async start(): Promise<void> {
    await this.#transport.open?.();
  }

  override async stop(): Promise<void> {
    await this.#transport.close?.();
  }

  /**
   * Resolves when the letter is on its way, to the `Message-ID` it carries.
   * @throws NX_MAIL_HEADER, NX_MAIL_ADDRESS, NX_MAIL_REFUSED
   */
  async send(letter: Letter): Promise<{ id: string }> {
    const message = compose({ ...letter, from: letter.from ?? this.#from });
    await this.#transport.send(message);
    return { id: message.id };
  }
}
