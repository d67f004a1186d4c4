import { inject, Service } from "nexus-platform";
import { AuditService } from "nexus-platform/accounts";
import { Mailer } from "nexus-platform/mail";

export interface Email {
  readonly to: { readonly user_id: string; readonly username: string; readonly email: string };
  readonly subject: string;
  readonly body: string;
  readonly sender: { readonly username: string };
}

/** Letters of one user to another. */
export class EmailService extends Service {
  #mailer = inject(Mailer);
  #audit = inject(AuditService);

  /** Leaves an entry in the audit log, whether the letter could be sent or not. */
  async send({ to, subject, body, sender }: Email): Promise<void> {
    // Before anything that the sender says, so that nobody can write in the name of this service.
    const text = `Hello ${to.username}, ${sender.username} writes to you:\n\n${body}`;
    await this.#audit.record({ action: "user.emailed", target: `user:${to.user_id}` }, () =>
      this.#mailer.send({ to: to.email, subject, text }),
    );
  }
}
