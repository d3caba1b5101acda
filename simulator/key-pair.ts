import { utils } from "ssh2";

/**
 * A new ed25519 key pair. Now and then ssh2 makes one that it cannot read itself (mscdex/ssh2#1390, seen with 1.17.0).
 */
export function makeKeyPair(): { readonly public: string; readonly private: string } {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    if (![pair.private, pair.public].some((key) => utils.parseKey(key) instanceof Error)) return pair;
  }
}
