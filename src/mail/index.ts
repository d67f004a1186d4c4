export { createMailer, Mailer, type MailerOptions } from "./mailer.ts";
export { type Letter, type Message } from "./letter.ts";
export { outbox, smtp, type Transport } from "./transport.ts";
