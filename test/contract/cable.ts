import { once } from "node:events";
import net from "node:net";

/** A TCP connection to a port of this machine that a test can cut, as a pulled cable would. */
export class Cable {
  private readonly sockets = new Set<net.Socket>();
  private readonly server: net.Server;
  private isLoose = false;

  private constructor(to: number) {
    this.server = net.createServer((near) => {
      if (this.isLoose) return near.destroy();
      const far = net.connect(to, "127.0.0.1");
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on("error", () => {}).on("close", () => this.sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
  }

  static async plugIn(to: number): Promise<Cable> {
    const cable = new Cable(to);
    cable.server.listen(0, "127.0.0.1");
    await once(cable.server, "listening");
    return cable;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** Every connection ends at once, and no new one gets through until it is fastened. */
  loosen(): void {
    this.isLoose = true;
    this.pull();
  }

  fasten(): void {
    this.isLoose = false;
  }

  /** Every connection ends at once; new ones get through. */
  pull(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Every connection ends at once, and no new one gets through. */
  async takeOut(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.pull();
    await closed;
  }
}
