import { PassthroughError, unable } from "../errors";

interface Waiting {
  readonly host: string;
  readonly mostAtOnce: number;
  readonly begin: () => void;
  readonly giveUp: (error: PassthroughError) => void;
}

/** The hosts that this process reboots, so many at once. When one is not rebooted as wanted, no other one is begun. */
export class RebootTurns {
  private rebooting = 0;
  private waiting: Waiting[] = [];
  /** The host whose reboot failed first. */
  private failed: string | undefined;

  /**
   * Does the work that reboots a host as soon as fewer than `mostAtOnce` others are being rebooted. `waits` is called
   * when it cannot begin at once. Rejects as the work does, and with PassthroughError once that of another host failed.
   */
  async take<T>(host: string, mostAtOnce: number, waits: () => void, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin, giveUp) => {
      this.waiting.push({ host, mostAtOnce, begin, giveUp });
      this.next();
      if (this.waiting.some((other) => other.begin === begin)) waits();
    });
    try {
      return await work();
    } catch (error) {
      this.failed ??= host;
      throw error;
    } finally {
      this.rebooting -= 1;
      this.next();
    }
  }

  private next(): void {
    const { failed } = this;
    if (failed !== undefined) {
      for (const { host, giveUp } of this.waiting.splice(0)) giveUp(leftAlone(host, failed));
      return;
    }
    for (;;) {
      const index = this.waiting.findIndex(({ mostAtOnce }) => this.rebooting < mostAtOnce);
      const [first] = index < 0 ? [] : this.waiting.splice(index, 1);
      if (!first) return;
      this.rebooting += 1;
      first.begin();
    }
  }
}

function leftAlone(host: string, failed: string): PassthroughError {
  const purpose = "reboot the host";
  const reason = `the reboot of ${failed} failed, and no other host is rebooted after that. Nothing was changed; run "pulumi up" again when ${failed} is back`;
  return new PassthroughError(unable({ purpose, host, reason }), { purpose, host });
}
