import { BaseAgent, createAgent, type ParsedKey, type SigningRequestOptions, utils } from "ssh2";

/** A key that an ssh agent holds. */
export interface AgentKey {
  readonly agent: BaseAgent;
  readonly key: ParsedKey;
}

export type AgentKeys =
  | { readonly keys: readonly AgentKey[] }
  | { readonly keys: readonly []; readonly problem: string };

/** The keys that an agent holds, in its order; those of types that ssh2 cannot use (security keys) are left out. */
export async function agentKeys(socket: string): Promise<AgentKeys> {
  const agent = createAgent(socket);
  return new Promise((resolve) => {
    agent.getIdentities((error, found) => {
      if (error) return resolve({ keys: [], problem: `the ssh agent at ${socket} (${error.message})` });
      const keys = (found ?? []).flatMap((identity) => {
        // The agents that createAgent makes give parsed keys; those that ssh2 could not parse come as errors.
        const key = utils.parseKey(identity as ParsedKey);
        return key instanceof Error ? [] : [{ agent, key }];
      });
      resolve({ keys });
    });
  });
}

/** An agent that shows one key alone, so that each can be tried in its turn and named when it is rejected. */
export class OneKeyAgent extends BaseAgent {
  constructor(private readonly held: AgentKey) {
    super();
  }

  get keyType(): string {
    return this.held.key.type;
  }

  override getIdentities(callback: (error: undefined, keys: ParsedKey[]) => void): void {
    callback(undefined, [this.held.key]);
  }

  override sign(
    key: ParsedKey | Buffer | string,
    data: Buffer,
    options: SigningRequestOptions | ((error?: Error | null, signature?: Buffer) => void),
    callback?: (error?: Error | null, signature?: Buffer) => void,
  ): void {
    this.held.agent.sign(key, data, options as SigningRequestOptions, callback);
  }
}
