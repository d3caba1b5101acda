import { HostInput } from "../../provider/plan/inputs/host-input";

const OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n";

test.each([
  [{ address: "root@xen1" }, "address", "without a user: set `user`"],
  [{ address: "ssh://xen1" }, "address", 'without "ssh://"'],
  [{ address: "xen1:2222" }, "address", "without a port: set `port`"],
  [{ address: "[2001:db8::1]:22" }, "address", "without a port: set `port`"],
  [{ address: "-oProxyCommand=x" }, "address", "must be a DNS name"],
  [{ address: "xen 1" }, "address", "must be a DNS name"],
  [{ address: "" }, "address", "must not be empty"],
  [{ address: "xen1", privateKey: "hello" }, "privateKey", "For the path of its file use `identityFile`"],
  [{ address: "xen1", privateKey: "~/.ssh/id_rsa" }, "privateKey", "For the path of its file use `identityFile`"],
  [{ address: "xen1", privateKey: "ssh-ed25519 AAAAC3Nz me" }, "privateKey", "this is the public one"],
  [{ address: "xen1", proxyJump: "a b" }, "proxyJump", "must be hosts separated by commas"],
  [{ address: "xen1", proxyJump: "a,,b" }, "proxyJump", "must be hosts separated by commas"],
])("%j is refused at %s", (host, property, reason) => {
  const { error } = HostInput.safeParse(host);
  expect(error?.issues).toContainEqual(
    expect.objectContaining({ path: [property], message: expect.stringContaining(reason) }),
  );
});

test.each([
  { address: "xen1.example.com" },
  { address: "10.0.0.1" },
  { address: "2001:db8::1" },
  { address: "[2001:db8::1]" },
  { address: "fe80::1%eth0" },
  { address: "rack_7" },
  { address: "xen1", privateKey: OPENSSH },
  { address: "xen1", privateKey: `\n${OPENSSH.replaceAll("OPENSSH", "RSA")}` },
  { address: "xen1", privateKey: "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n" },
  { address: "xen1", proxyJump: "user@bastion:22, [2001:db8::2]:22" },
  { address: "xen1", proxyJump: "none" },
])("%j is taken", (host) => {
  expect(HostInput.parse(host)).toEqual(host);
});
