/** Collects what a script prints, as bytes in Latin-1 characters, apart from what login files print before it. */
export class ScriptOutput {
  /** What the preface of a script prints first, followed by a space and the user's name. */
  static readonly START = "pulumi-pci-passthrough runs as";

  private readonly outChunks: string[] = [];
  private readonly errChunks: string[] = [];
  private unfinishedLine = "";

  /** What was printed before the script began. */
  noise = "";
  /** The user whom the script runs as; undefined until it begins. */
  user: string | undefined;

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  get stdout(): string {
    return this.outChunks.join("");
  }

  get stderr(): string {
    return this.errChunks.join("");
  }

  /** Takes the next bytes of standard output. */
  out(bytes: Buffer): void {
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
    this.errChunks.push(bytes.toString("latin1"));
  }

  private append(text: string): void {
    this.outChunks.push(text);
    if (!this.onLine) return;
    const lines = (this.unfinishedLine + text).split("\n");
    this.unfinishedLine = lines.pop() ?? "";
    for (const line of lines) this.onLine(line);
  }
}
