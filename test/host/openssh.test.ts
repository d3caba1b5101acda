import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askOpenSsh } from "../../provider/host/openssh";

const scratch = mkdtempSync(join(tmpdir(), "openssh-"));
afterAll(() => rmSync(scratch, { recursive: true }));

function ask(config: string, env: NodeJS.ProcessEnv = process.env) {
  const file = join(mkdtempSync(join(scratch, "home-")), "config");
  writeFileSync(file, config);
  return askOpenSsh({ address: "xen1", user: undefined, port: undefined, localUser: "me" }, env, ["-F", file]);
}

test("what is as in ssh's defaults is left out", async () => {
  const settings = await ask("");
  expect([...(settings?.first.keys() ?? [])]).toEqual([]);
  expect(settings?.identityFiles).toEqual([]);
});

test.each([
  { keyword: "IdentitiesOnly", config: 'Match exec "exit 0"\n IdentitiesOnly yes', words: ["yes"] },
  { keyword: "IdentitiesOnly", config: 'Match exec "exit 1"\n IdentitiesOnly yes', words: undefined },
  { keyword: "IdentitiesOnly", config: "Match final\n IdentitiesOnly yes", words: ["yes"] },
  { keyword: "HostName", config: "Host XEN1 xen1\n HostName %h.lan", words: ["xen1.lan"] },
  {
    keyword: "KexAlgorithms",
    config: "KexAlgorithms +diffie-hellman-group1-sha1",
    words: ["+diffie-hellman-group1-sha1"],
  },
  { keyword: "Ciphers", config: "Ciphers aes256-ctr", words: ["aes256-ctr"] },
  { keyword: "MACs", config: "MACs hmac-sha2-512,hmac-sha2-256", words: ["hmac-sha2-512,hmac-sha2-256"] },
  { keyword: "UserKnownHostsFile", config: 'UserKnownHostsFile "/a b/c d" /e', words: ["/a b/c d", "/e"] },
])("$config", async ({ keyword, config, words }) => {
  expect((await ask(config))?.first.get(keyword.toLowerCase())).toEqual(words);
});

test("files are named as ssh reads them", async () => {
  const settings = await ask('IdentityFile ~/.ssh/id#1\nIdentityFile ~/.ssh/"my key"\n');
  expect(settings?.identityFiles).toEqual(["~/.ssh/id#1", "~/.ssh/my key"]);
});

test("a keyword that ssh does not know is said in its words", async () => {
  await expect(ask("Hostnam xen\n")).rejects.toThrow(
    /^Unable to read the ssh config for xen1: ssh said: .*: Bad configuration option: hostnam/,
  );
});

test("without OpenSSH there is no answer", async () => {
  expect(await ask("User nobody", { PATH: scratch })).toBeUndefined();
});
