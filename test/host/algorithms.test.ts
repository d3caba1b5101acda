import { Client } from "ssh2";
import { type AlgorithmKind, acceptsKeyType, algorithmList, ssh2Algorithms } from "../../provider/host/algorithms";

const kinds: readonly AlgorithmKind[] = ["kex", "hostKey", "cipher", "mac"];
const standard = algorithmList("hostKey", undefined);

test("without a setting no legacy algorithm is offered", () => {
  expect(standard).toEqual([
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ]);
  expect(algorithmList("kex", undefined).filter((name) => name.endsWith("sha1"))).toEqual([]);
});

test.each([
  { setting: "+ssh-rsa", list: [...standard, "ssh-rsa"] },
  { setting: "+ssh-ed25519", list: standard },
  { setting: "-ecdsa-*", list: ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"] },
  { setting: "^rsa-sha2-256", list: ["rsa-sha2-256", ...standard.filter((name) => name !== "rsa-sha2-256")] },
  { setting: "ssh-rsa,ssh-ed25519", list: ["ssh-rsa", "ssh-ed25519"] },
  { setting: "ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512", list: ["rsa-sha2-512"] },
  { setting: "sk-ssh-ed25519@openssh.com", list: [] },
])("HostKeyAlgorithms $setting", ({ setting, list }) => {
  expect(algorithmList("hostKey", setting)).toEqual(list);
});

test.each([
  { setting: undefined, keyType: "ssh-rsa", accepted: true },
  { setting: "+ssh-rsa", keyType: "ssh-ed25519", accepted: true },
  { setting: "ssh-ed25519", keyType: "ssh-rsa", accepted: false },
  { setting: "rsa-sha2-*", keyType: "ssh-rsa", accepted: true },
  { setting: "-ssh-rsa", keyType: "ssh-rsa", accepted: true },
  { setting: "-ssh-ed25519*", keyType: "ssh-ed25519", accepted: false },
])("PubkeyAcceptedAlgorithms $setting lets in $keyType: $accepted", ({ setting, keyType, accepted }) => {
  expect(acceptsKeyType(setting, keyType)).toBe(accepted);
});

test.each(kinds)("ssh2 supports everything that may be offered as %s", (kind) => {
  const key = { kex: "kex", hostKey: "serverHostKey", cipher: "cipher", mac: "hmac" }[kind];
  for (const name of algorithmList(kind, "*")) {
    const offer = () =>
      new Client()
        .connect({ username: "root", port: 1, host: "127.0.0.1", algorithms: { [key]: [name] } })
        .on("error", () => undefined);
    expect(offer).not.toThrow();
  }
});

test("ssh2 leaves out a name that it does not support, where a plain list would throw", () => {
  const algorithms = ssh2Algorithms({ kex: ["no-such-kex"], hostKey: standard, cipher: [], mac: [] });
  const client = new Client().on("error", () => undefined);
  expect(() => client.connect({ username: "root", port: 1, host: "127.0.0.1", algorithms })).not.toThrow();
});
