import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { Scope } from "../scope.ts";
import { keyOf, inject } from "../services.ts";
import { createMailer, type Letter, Mailer } from "./index.ts";

const letter: Letter = { to: "ann@example.com", subject: "Hello", text: "How are you?" };

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "nexus-mail-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** Sends one letter to an outbox, and reads the file that it became. */
async function written(changes: Partial<Letter> = {}): Promise<string> {
  const dataDir = await folder();
  await createMailer({ dataDir }).send({ ...letter, ...changes });
  const [name] = await readdir(join(dataDir, "outbox"));
  return readFile(join(dataDir, "outbox", name!), "utf8");
}

const headerOf = (source: string, name: string) =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, "m").exec(source)?.[1];

test("without a mail server a letter is a file in the outbox", async () => {
  const dataDir = await folder();
  const mailer = createMailer({ dataDir, from: "Shop <shop@example.com>" });
  const { id } = await mailer.send({ ...letter, replyTo: "help@example.com" });
  const names = await readdir(join(dataDir, "outbox"));
  expect(names).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d-]+Z-[0-9a-f]{8}\.eml$/)]);
  const file = join(dataDir, "outbox", names[0]!);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const source = await readFile(file, "utf8");
  expect(source.split("\r\n")).toEqual([
    expect.stringMatching(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/),
    `Message-ID: ${id}`,
    'From: "Shop" <shop@example.com>',
    "To: ann@example.com",
    "Reply-To: help@example.com",
    "Subject: Hello",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 7bit",
    "",
    "How are you?",
    "",
  ]);
  expect(id).toMatch(/^<[0-9a-f-]{36}@example\.com>$/);
});

test("the files of an outbox sort by time, and none is half written", async () => {
  const dataDir = await folder();
  const mailer = createMailer({ dataDir });
  for (const subject of ["1", "2", "3"]) {
    await mailer.send({ ...letter, subject });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(Array.from({ length: 20 }, () => mailer.send({ ...letter, subject: "4" })));
  const names = (await readdir(join(dataDir, "outbox"))).toSorted();
  const subjects = await Promise.all(
    names.map(async (name) =>
      headerOf(await readFile(join(dataDir, "outbox", name), "utf8"), "Subject"),
    ),
  );
  expect(subjects).toEqual(["1", "2", "3", ...Array(20).fill("4")]);
});

test("any language can stand in subject, names and text, in lines that every server takes", async () => {
  const subject = "Grüße aus Köln 🌷, und noch viel mehr, als in eine einzige Zeile passt";
  const text = `Schöne Grüße = alles Gute \n${"lang 🌷 ".repeat(30)}\nEnde`;
  const source = await written({ subject, text, to: ["Jörg <joerg@münchen.example>", "b@x.org"] });
  expect(source).toMatch(/^[\r\n -~]*$/);
  for (const line of source.split("\r\n")) expect(line.length).toBeLessThanOrEqual(76);
  const words = headerOf(source, "Subject")!.split("\r\n ");
  const decoded = words.map((word) => {
    const [, coded] = /^=\?UTF-8\?B\?(.*)\?=$/.exec(word)!;
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(coded!, "base64"));
  });
  expect(decoded.join("")).toBe(subject);
  expect(headerOf(source, "To")).toBe(
    "=?UTF-8?B?SsO2cmc=?= <joerg@xn--mnchen-3ya.example>,\r\n b@x.org",
  );
  const coded = source.slice(source.indexOf("\r\n\r\n") + 4).replaceAll("=\r\n", "");
  const bytes = coded.replace(/=([0-9A-F]{2})/g, (_, hex) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  expect(Buffer.from(bytes, "latin1").toString()).toBe(`${text}\n`.replaceAll("\n", "\r\n"));
});

test("a letter may be a page too, for readers that show pages", async () => {
  const source = await written({ html: "<p>How are you?</p>" });
  const [, boundary] = /multipart\/alternative; boundary="(.*)"/.exec(source)!;
  const parts = source.split(`--${boundary}`);
  expect(parts).toHaveLength(4);
  expect(parts[1]).toMatch(/^\r\nContent-Type: text\/plain[^]*\r\n\r\nHow are you\?\r\n\r\n$/);
  expect(parts[2]).toMatch(/^\r\nContent-Type: text\/html[^]*\r\n\r\n<p>How are you\?<\/p>\r\n/);
  expect(parts[3]).toBe("--\r\n");
});

test("a long or ambiguous subject, and quotes in a name, arrive as they were written", async () => {
  const plain = await written({ to: 'Ann "Annie" Lee <ann@example.com>', subject: "=?x?=" });
  expect(headerOf(plain, "To")).toBe('"Ann \\"Annie\\" Lee" <ann@example.com>');
  expect(headerOf(plain, "Subject")).toBe("=?UTF-8?B?PT94Pz0=?=");
  const long = await written({ subject: "word ".repeat(40) });
  expect(headerOf(long, "Subject")!.split("\r\n").length).toBeGreaterThan(3);
});

test("no value can add headers of its own", async () => {
  const mailer = createMailer({ dataDir: await folder() });
  for (const evil of ["a@x.org\r\nBcc: b@x.org", "a@x.org\n", "Ann\r <a@x.org>", "\0a@x.org"]) {
    for (const field of ["to", "from", "replyTo", "subject"]) {
      await expect(mailer.send({ ...letter, [field]: evil })).rejects.toMatchObject({
        code: "NX_MAIL_HEADER",
        message: expect.stringContaining(`\`${field}\``),
      });
    }
  }
});

test("what is not an address is refused, and so is a letter to nobody", async () => {
  const mailer = createMailer({ dataDir: await folder() });
  const wrong = [
    "",
    "ann",
    "@x.org",
    "ann@",
    "a b@x.org",
    "a@b@c.org",
    "a@x.org, b@x.org",
    "a@x y",
    "<a@x.org",
    "a@%0d%0aBcc:b",
    "a@x/y",
    `${"a".repeat(250)}@x.org`,
  ];
  for (const to of [...wrong, []]) {
    await expect(mailer.send({ ...letter, to }), String(to)).rejects.toMatchObject({
      code: "NX_MAIL_ADDRESS",
    });
  }
});

test("a plugin gets the mailer by inject", async () => {
  const app = new Scope("app", "");
  const mailer = createMailer({ dataDir: await folder() });
  app.provide(keyOf(Mailer), mailer);
  expect(app.run(() => inject(Mailer))).toBe(mailer);
});

/** A mail server of one thread of thought: it takes any letter, but none to nobody@…. */
async function mailServer() {
  const said: string[] = [];
  const letters: string[] = [];
  const server = createServer((socket) => {
    socket.write("220 test ESMTP\r\n");
    let data: string | undefined;
    let rest = "";
    socket.on("data", (chunk) => {
      rest += chunk;
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data !== undefined) {
          if (line !== ".") data += `${line.replace(/^\./, "")}\r\n`;
          else {
            letters.push(data);
            data = undefined;
            socket.write("250 taken\r\n");
          }
          continue;
        }
        said.push(line);
        if (line === "DATA") {
          data = "";
          socket.write("354 go on\r\n");
        } else if (line === "QUIT") socket.end("221 bye\r\n");
        else socket.write(line.includes("nobody@") ? "550 no such user\r\n" : "250 OK\r\n");
      }
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, said, letters };
}

test("with a mail server letters go there, the same to the byte", async () => {
  const { url, said, letters } = await mailServer();
  const dataDir = await folder();
  const mailer = createMailer({ dataDir, smtpUrl: url, from: "Shop <shop@example.com>" });
  await mailer.start();
  const to = ["Ann <ann@example.com>", "bob@example.com"];
  const { id } = await mailer.send({ ...letter, to, text: "Grüße\n.\n..\n", html: "<p>x</p>" });
  await mailer.stop();
  expect(said.filter((line) => /^(MAIL|RCPT)/.test(line))).toEqual([
    expect.stringContaining("MAIL FROM:<shop@example.com>"),
    "RCPT TO:<ann@example.com>",
    "RCPT TO:<bob@example.com>",
  ]);
  expect(letters).toHaveLength(1);
  expect(headerOf(letters[0]!, "Message-ID")).toBe(id);
  expect(headerOf(letters[0]!, "To")).toBe('"Ann" <ann@example.com>,\r\n bob@example.com');
  expect(letters[0]).toContain("Gr=C3=BC=C3=9Fe\r\n.\r\n..\r\n");
  expect(await readdir(dataDir)).toEqual([]);
});

test("what a mail server does not take is told with its reason, never with the password", async () => {
  const { url } = await mailServer();
  const mailer = createMailer({ dataDir: await folder(), smtpUrl: url });
  await expect(mailer.send({ ...letter, to: "nobody@example.com" })).rejects.toMatchObject({
    code: "NX_MAIL_REFUSED",
    message: expect.stringContaining("550 no such user"),
  });
  const gone = createMailer({ dataDir: "/", smtpUrl: "smtp://ann:sesame@127.0.0.1:1" });
  const error = await gone.send(letter).catch((error: Error) => error);
  expect(error).toMatchObject({ code: "NX_MAIL_REFUSED" });
  expect((error as Error).message).not.toContain("sesame");
});

test("a mail server's address that is none is refused at once, and is not repeated", () => {
  for (const smtpUrl of ["smtp.example.com", "https://ann:sesame@example.com", "smtp://"]) {
    const create = () => createMailer({ dataDir: "/", smtpUrl });
    expect(create).toThrow(expect.objectContaining({ code: "NX_MAIL_URL" }));
    expect(create).not.toThrow(/sesame/);
  }
});

test("where nodemailer is not installed, the start says how to install it", async () => {
  const place = await folder();
  for (const file of ["exceptions.ts", "scope.ts", "services.ts", "config", "validation", "mail"]) {
    await cp(join(import.meta.dirname, "..", file), join(place, file), { recursive: true });
  }
  const script = `
    import { createMailer } from ${JSON.stringify(join(place, "mail/index.ts"))};
    await createMailer({ dataDir: ".", smtpUrl: "smtp://localhost" }).start().catch(
      ({ code, message }) => console.log(code, message),
    );`;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
  expect(stdout.trim()).toBe(
    "NX_PEER_MISSING Sending mail over SMTP needs nodemailer. Run `npm install nodemailer`.",
  );
});
