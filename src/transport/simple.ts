import { isAuthority } from "./framing.ts";

/** The largest body that is kept until it is whole, in bytes. */
const most = 64 * 1024;

/**
 * Whether these are the fields of a request whose way is plain: to one host, its body small and of a known
 * length, and sent without asking.
 * @returns the length of the body; -1 for all others
 */
export function plainLength(headers: readonly string[]): number {
  let hosts = 0;
  let length = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    // By their lengths first: most fields are none of these.
    switch (name.length) {
      case 4:
        if (!is(name, "host")) break;
        if (!isAuthority(headers[i + 1]!)) return -1;
        hosts++;
        break;
      case 6:
        if (is(name, "expect")) return -1;
        break;
      case 14:
        if (is(name, "content-length")) length = Number(headers[i + 1]);
        break;
      case 17:
        if (is(name, "transfer-encoding")) return -1;
        break;
      default:
    }
  }
  return hosts === 1 && length <= most ? length : -1;
}

function is(name: string, wanted: string): boolean {
  return name === wanted || name.toLowerCase() === wanted;
}
