import { PassthroughError } from "../errors";

export interface JumpHost {
  readonly address: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
}

// [user@]host[:port] or ssh://[user@]host[:port]; an IPv6 address with a port stands in brackets (ssh_config(5), ProxyJump).
const JUMP =
  /^(?:ssh:\/\/)?(?:(?<user>.+)@)?(?:\[(?<v6>[^\]]+)\]|(?<host>[^:@[\]]+|[0-9a-fA-F]*(?::[0-9a-fA-F.]*){2,}))(?::(?<port>\d{1,5}))?\/?$/;

/** Reads a ProxyJump: hosts with commas between, the first one first; `none` is none. Throws PassthroughError. */
export function parseProxyJump(text: string): readonly JumpHost[] {
  if (text.trim().toLowerCase() === "none" || text.trim() === "") return [];
  return text.split(",").map((part) => {
    const { user, v6, host, port } = JUMP.exec(part.trim())?.groups ?? {};
    const address = v6 ?? host;
    if (address === undefined || Number(port ?? 22) > 65_535) {
      throw new PassthroughError(`Unable to read the ProxyJump "${text}": "${part}" is not [user@]host[:port]`);
    }
    return { address, user, port: port === undefined ? undefined : Number(port) };
  });
}
