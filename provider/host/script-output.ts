/**
 * The most that is kept of a script's output, in bytes: the facts of a host with 1,000 VMs are about 5 MiB. `noise` is
 * what login files print before the script.
 */
const LIMITS = { stdout: 64 * 2 ** 20, stderr: 2 ** 20, noise: 2 ** 20 };

/** Collects what a script prints, as bytes in Latin-1 characters, apart from what login files print before it. */
export class ScriptOutput {
  /** What the preface of a script prints first, followed by a space and the user's name. */
  static readonly START = "pulumi-pci-passthrough runs as";

  private readonly outChunks: string[] = [];
  private readonly errChunks: string[] = [];
  private readonly unfinishedLine: string[] = [];
  private readonly sizes = { stdout: 0, stderr: 0, noise: 0 };

  /** What was printed before the script began. */
  noise = "";
  /** The user whom the script runs as; undefined until it begins. */
  user: string | undefined;
  /** What was more than is kept, in words: `more than 64 MiB on standard output`. Nothing is taken after it. */
  excess: string | undefined;

  constructor(private readonly onLine: (line: string) => void) {}

  get stdout(): string {
    return this.outChunks.join("");
  }

  get stderr(): string {
    return this.errChunks.join("");
  }

  /** Takes the next bytes of standard output. */
  out(bytes: Buffer): void {
    if (!this.fits(this.user === undefined ? "noise" : "stdout", bytes)) return;
    const text = bytes.toString("latin1");
    if (this.user !== undefined) {
      this.append(text);
      return;
    }
    this.noise += text;
    const start = this.noise.indexOf(`${ScriptOutput.START} `);
    const end = start < 0 ? -1 : this.noise.indexOf("\n", start);
    if (end < 0) return;
    this.user = this.noise.slice(start + ScriptOutput.START.length + 1, end);
    const rest = this.noise.slice(end + 1);
    this.noise = this.noise.slice(0, start);
    this.append(rest);
  }

  /** Takes the next bytes of standard error. */
  err(bytes: Buffer): void {
    if (this.fits("stderr", bytes)) this.errChunks.push(bytes.toString("latin1"));
  }

  private fits(where: keyof typeof LIMITS, bytes: Buffer): boolean {
    if (this.excess !== undefined) return false;
    this.sizes[where] += bytes.length;
    if (this.sizes[where] <= LIMITS[where]) return true;
    const name = { stdout: "on standard output", stderr: "on standard error", noise: "before the script began" }[where];
    this.excess = `more than ${LIMITS[where] / 2 ** 20} MiB ${name}`;
    return false;
  }

  private append(text: string): void {
    this.outChunks.push(text);
    const lines = text.split("\n");
    const last = lines.pop() ?? "";
    const [first, ...others] = lines;
    if (first !== undefined) {
      // Joined only at its end: a line of many chunks would be copied for each of them.
      this.onLine(this.unfinishedLine.splice(0).join("") + first);
      for (const line of others) this.onLine(line);
    }
    this.unfinishedLine.push(last);
  }
}
