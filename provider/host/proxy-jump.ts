import { PassthroughError, unable } from "../errors";

/** A host of a ProxyJump. What it leaves out is decided by the ssh config. */
export interface JumpHost {
  readonly address: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
}

// [user@]host[:port] or ssh://[user@]host[:port]; an IPv6 address with a port needs brackets (ssh_config(5),
// ProxyJump).
const JUMP =
  /^(?:ssh:\/\/)?(?:(?<user>.+)@)?(?:\[(?<v6>[^\]]+)\]|(?<host>[^:@[\]\s]+|[0-9a-fA-F]*(?::[0-9a-fA-F.]*){2,}))(?::(?<port>\d{1,5}))?\/?$/;

/**
 * Parses a ProxyJump: hosts separated by commas, in the order in which they are passed; `none` is no host. Throws
 * PassthroughError.
 */
export function parseProxyJump(text: string): readonly JumpHost[] {
  if (text.trim().toLowerCase() === "none" || text.trim() === "") return [];
  return text.split(",").map((part) => {
    const { user, v6, host, port } = JUMP.exec(part.trim())?.groups ?? {};
    const address = v6 ?? host;
    if (address === undefined || Number(port ?? 22) > 65_535) {
      const purpose = `read the ProxyJump "${text}"`;
      const reason = `"${part}" is not of the form [user@]host[:port]. Separate several hosts by commas`;
      throw new PassthroughError(unable({ purpose, reason }), { purpose });
    }
    return { address, user, port: port === undefined ? undefined : Number(port) };
  });
}
