import { BaseAgent, createAgent, type ParsedKey, type SigningRequestOptions, utils } from "ssh2";

/** A public key whose private half an ssh agent holds. */
export interface AgentKey {
  readonly agent: BaseAgent;
  readonly key: ParsedKey;
}

/** The keys of an agent, or why it could not be asked (for messages; names the socket). */
export type AgentKeys =
  | { readonly keys: readonly AgentKey[] }
  | { readonly keys: readonly []; readonly problem: string };

const AGENT_TIMEOUT_MS = 5_000;

/**
 * Lists the keys of the agent behind a socket, in its order, without the types that ssh2 cannot use (security keys).
 */
export async function agentKeys(socket: string): Promise<AgentKeys> {
  const agent = createAgent(socket);
  return new Promise((resolve) => {
    // A forwarded agent whose far end is gone never answers, and ssh2 waits for ever.
    const timer = setTimeout(() => {
      resolve({ keys: [], problem: `the ssh agent at ${socket} (no answer within ${AGENT_TIMEOUT_MS / 1000} s)` });
    }, AGENT_TIMEOUT_MS);
    agent.getIdentities((error, found) => {
      clearTimeout(timer);
      if (error) return resolve({ keys: [], problem: `the ssh agent at ${socket} (${error.message})` });
      const keys = (found ?? []).flatMap((identity) => {
        // The agents that createAgent makes return parsed keys, and an Error for each that ssh2 could not parse.
        const key = utils.parseKey(identity as ParsedKey);
        return key instanceof Error ? [] : [{ agent, key }];
      });
      resolve({ keys });
    });
  });
}

/** An agent that offers a single key, so that each is tried by itself and can be named when it is rejected. */
export class SingleKeyAgent extends BaseAgent {
  constructor(private readonly agentKey: AgentKey) {
    super();
  }

  /** As SSH names it: `ssh-ed25519`. */
  get keyType(): string {
    return this.agentKey.key.type;
  }

  override getIdentities(callback: (error: undefined, keys: ParsedKey[]) => void): void {
    callback(undefined, [this.agentKey.key]);
  }

  override sign(
    key: ParsedKey | Buffer | string,
    data: Buffer,
    options: SigningRequestOptions | ((error?: Error | null, signature?: Buffer) => void),
    callback?: (error?: Error | null, signature?: Buffer) => void,
  ): void {
    this.agentKey.agent.sign(key, data, options as SigningRequestOptions, callback);
  }
}
