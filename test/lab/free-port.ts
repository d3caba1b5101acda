import { randomInt } from "node:crypto";
import { once } from "node:events";
import net from "node:net";

/**
 * A TCP port of 127.0.0.1 that nobody listens on. Below 32768, where Linux takes no ports for outgoing connections
 * (ip_local_port_range): a host that reboots finds its port free again.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
