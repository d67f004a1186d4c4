import { createApp, get, Plugin } from "nexus-platform";

class Hello extends Plugin {
  /** Simple hello world endpoint. */
  hello = get("/hello/{name}", ({ name }) => ({ message: `Hello ${name}!` }));
}

const app = await createApp({ plugins: [Hello] });
const { url } = await app.listen({ port: Number(process.env["PORT"] ?? 8000) });
console.log(`Try ${url}/hello/you and ${url}/docs`);
