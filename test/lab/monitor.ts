import type { ChildProcess } from "node:child_process";
import readline from "node:readline";

/** What QEMU says by itself: `SHUTDOWN`, with why. */
export interface MonitorEvent {
  readonly event: string;
  readonly data: { readonly reason?: string };
}

interface Answer {
  readonly resolve: (returned: { readonly status?: string }) => void;
  readonly reject: (error: Error) => void;
}

/** QMP (docs/interop/qmp-spec in QEMU) over the standard streams of a QEMU. */
export class Monitor {
  private readonly asked = new Map<number, Answer>();
  private lastId = 0;

  constructor(
    private readonly qemu: ChildProcess,
    onEvent: (event: MonitorEvent) => void,
  ) {
    qemu.stdin?.on("error", () => {}).write('{"execute": "qmp_capabilities"}\n');
    if (qemu.stdout) {
      readline.createInterface({ input: qemu.stdout }).on("line", (line) => {
        const message = JSON.parse(line);
        if (message.event !== undefined) onEvent(message);
        const answer = this.asked.get(message.id);
        this.asked.delete(message.id);
        if (message.error) answer?.reject(new Error(message.error.desc));
        else answer?.resolve(message.return);
      });
    }
    qemu.on("close", () => {
      for (const { reject } of this.asked.values()) reject(new Error("QEMU ended"));
      this.asked.clear();
    });
  }

  /** Resolves to what the command returns. Throws what QEMU says of a command that fails, or that it ended. */
  execute(command: string, given: Readonly<Record<string, unknown>> = {}): Promise<{ readonly status?: string }> {
    if (this.qemu.exitCode !== null || this.qemu.signalCode !== null) return Promise.reject(new Error("QEMU ended"));
    const id = this.lastId + 1;
    this.lastId = id;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.qemu.stdin?.write(`${JSON.stringify({ execute: command, arguments: given, id })}\n`);
    });
  }
}
