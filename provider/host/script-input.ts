import type { Writable } from "node:stream";
import type { Conversation } from "./host";

/** The bytes of a script or reply. Throws RangeError for a character that is no byte. */
export function scriptBytes(text: string): Buffer {
  if (/[^\0-\u00ff]/.test(text))
    throw new RangeError("a script must consist of bytes as Latin-1 characters: encode names with toBytes");
  return Buffer.from(text, "latin1");
}

/** What a script gets on its standard input: itself, and in a conversation the reply. */
export class ScriptInput {
  private state: "new" | "open" | "ended" = "new";
  /** What `reply` threw or rejected with. */
  thrown: { readonly error: unknown } | undefined;

  constructor(
    private readonly stdin: Writable,
    private readonly conversation: Conversation | undefined,
  ) {}

  /** Sends the script. */
  begin(script: Buffer): void {
    this.state = this.conversation ? "open" : "ended";
    if (this.conversation) this.stdin.write(script);
    else this.stdin.end(script);
  }

  /** Whether the script waits for its reply once it has printed this line. */
  isAwaited(line: string): boolean {
    return this.state === "open" && line === this.conversation?.until;
  }

  /** Sends the reply to what was printed, and ends. */
  async reply(printed: string): Promise<void> {
    this.state = "ended";
    try {
      this.stdin.end(scriptBytes((await this.conversation?.reply(printed)) ?? ""));
    } catch (error) {
      this.thrown = { error };
      this.stdin.end();
    }
  }
}
