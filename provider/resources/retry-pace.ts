import type { ConnectionError, ConnectionFailure } from "../errors";

const REFUSALS: readonly ConnectionFailure[] = [
  "credentials-rejected",
  "host-key-wrong",
  "host-key-unknown",
  "not-root",
];

/**
 * How long to wait before a host is asked again. A login that was refused is tried ever more rarely: a booting host may
 * refuse one for a while (pam_nologin), but fail2ban bans an address after five refusals in ten minutes (1.0,
 * config/jail.conf, maxretry and findtime). With a first pause of a minute there are four.
 */
export class RetryPace {
  private refusals = 0;

  /** In milliseconds: the pause after most failures, and after the first refused login. */
  constructor(
    private readonly usualMs: number,
    private readonly refusedMs = 60_000,
  ) {}

  /** The pause in milliseconds after this failure; undefined where there was none. */
  after(failure: ConnectionError | undefined): number {
    if (!failure || !REFUSALS.includes(failure.failure)) return this.usualMs;
    this.refusals += 1;
    return Math.max(this.usualMs, this.refusedMs * 2 ** (this.refusals - 1));
  }
}
