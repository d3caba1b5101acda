import { existsSync } from "node:fs";
import { type SimulatedHost, type SimulatedHostOptions, startSimulatedHost } from "../../simulator";
import { login, run, SCRIPT } from "./ssh-login";

const hosts: SimulatedHost[] = [];

async function start(options: Partial<SimulatedHostOptions> = {}): Promise<SimulatedHost> {
  const host = await startSimulatedHost({ name: "xen1", profile: "debian-xl", rebootMs: 1, ...options });
  hosts.push(host);
  return host;
}

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

/** Asks until the answer is yes. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("a command over SSH prints what the host prints and ends as it ends", async () => {
  const client = await login(await start());
  expect(await run(client, "cat /etc/hostname; ls /nope")).toEqual({
    stdout: "xen1\n",
    stderr: "ls: cannot access '/nope': No such file or directory\n",
    exitCode: 2,
  });
  client.end();
});

test("a script on standard input gets the address that the session came in on", async () => {
  const client = await login(await start());
  const ran = await run(client, SCRIPT, 'main() { echo "$1"; return 3; }\nmain "$@"\n');
  expect(ran).toMatchObject({ stdout: expect.stringMatching(/^10\.0\.2\.2 \d+ 10\.0\.2\.15 22\n$/), exitCode: 3 });
  client.end();
});

test("bytes pass through files, variables and the wire as they are", async () => {
  const host = await start();
  const bytes = Array.from({ length: 255 }, (_, code) => String.fromCharCode(code + 1)).join("");
  host.writeFile("/root/bytes", bytes);
  const client = await login(host);
  const ran = await run(
    client,
    SCRIPT,
    `x=$(cat /root/bytes; echo .); printf %s "\${x%.}" > /root/copy; cat /root/copy\n`,
  );
  expect(ran.stdout).toBe(bytes);
  expect(host.readFile("/root/copy")).toBe(bytes);
  const here = await run(client, SCRIPT, "cat <<'END'\n\xe9\xc3\xa9\xff\nEND\n");
  expect(here.stdout).toBe("\xe9\xc3\xa9\xff\n");
  client.end();
});

test("a program reads its standard input", async () => {
  const host = await start();
  const client = await login(host);
  await run(client, "cat > /etc/xen/new.cfg", 'name = "new"\n');
  expect(host.readFile("/etc/xen/new.cfg")).toBe('name = "new"\n');
  client.end();
});

test("a wrong user, key or password stays outside; the right password comes in", async () => {
  const host = await start({ password: "hunter2" });
  await expect(login(host, { username: "admin" })).rejects.toThrow("authentication");
  await expect(login(host, { password: "guess" })).rejects.toThrow("authentication");
  (await login(host, { password: "hunter2" })).end();
  const other = await start({ name: "xen2" });
  await expect(login({ ...host, identityFile: other.identityFile })).rejects.toThrow("authentication");
});

test("the fingerprint is the one that the host shows", async () => {
  const host = await start();
  let shown: string | undefined;
  const client = await login(host, {
    hostHash: "sha256",
    hostVerifier: (hash: string) => {
      shown = `SHA256:${Buffer.from(hash, "hex").toString("base64").replace(/=+$/, "")}`;
      return true;
    },
  });
  expect(shown).toBe(host.hostKey);
  client.end();
});

test("a user who is not root becomes root by sudo", async () => {
  const client = await login(await start({ requireSudoUser: "admin" }));
  expect((await run(client, "id -u")).stdout).toBe("1000\n");
  expect((await run(client, `sudo -n ${SCRIPT}`, `id -u; echo "\${1%% *}"\n`)).stdout).toBe("0\n10.0.2.2\n");
  client.end();
});

test("hosts know nothing of each other, and answers are counted", async () => {
  const [first, second] = [await start({ name: "xen1" }), await start({ name: "xen2" })];
  await first.exec("touch /etc/mine");
  expect((await second.exec("ls /etc/mine")).exitCode).toBe(2);
  expect(first.readFile("/etc/machine-id")).not.toBe(second.readFile("/etc/machine-id"));
  const client = await login(first);
  await run(client, "true");
  await run(client, "true");
  expect(first.stats).toMatchObject({ connections: 1, scripts: 2, reboots: 0 });
  client.end();
});

test("a reboot ends the connections, and the host comes back on its port as another boot", async () => {
  const host = await start();
  const bootId = host.readFile("/proc/sys/kernel/random/boot_id");
  const client = await login(host);
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  await host.exec("modprobe xen-pciback; xl pci-assignable-add 01:00.0; xl create /etc/xen/web1.cfg; touch /etc/kept");
  await run(client, "reboot");
  await closed;
  await until(() =>
    login(host).then(
      (again) => Boolean(again.end()),
      () => false,
    ),
  );
  expect(host.readFile("/proc/sys/kernel/random/boot_id")).not.toBe(bootId);
  expect(host.stats.reboots).toBe(1);
  const { stdout } = await host.exec(
    "ls /etc/kept; xl list | wc -l; xenstore-ls -f /libxl; readlink /sys/bus/pci/devices/0000:01:00.0/driver",
  );
  expect(stdout).toBe("/etc/kept\n2\n../../../../bus/pci/drivers/e1000e\n");
});

test("domains of /etc/xen/auto start with the host", async () => {
  const host = await start();
  await host.exec("ln -s /etc/xen/web1.cfg /etc/xen/auto/web1.cfg");
  await host.reboot();
  expect((await host.exec("xl domid web1")).stdout).toBe("1\n");
});

test("a connection cut during a command does not stop the script", async () => {
  const host = await start({ failAt: [{ cutConnectionDuring: "modprobe", times: 1 }] });
  const client = await login(host);
  const ran = await run(client, SCRIPT, "modprobe xen-pciback\necho done > /root/result\n");
  expect(ran.exitCode).toBeUndefined();
  await until(async () => (await host.exec("cat /root/result")).stdout === "done\n");
});

test("a connection cut after some bytes delivers those", async () => {
  const host = await start({ failAt: [{ cutConnectionAfter: 10, times: 1 }] });
  const ran = await run(await login(host), "cat /etc/os-release");
  expect(ran).toMatchObject({ stdout: "PRETTY_NAM", exitCode: undefined });
});

test("the lock of flock is one for the whole host, and goes with its process", async () => {
  const host = await start();
  const script = (name: string) =>
    `exec 9> /run/lock/x\nflock 9\necho ${name} in >> /root/log\nsleep 0.05\necho ${name} out >> /root/log\n`;
  const [first, second] = [await login(host), await login(host)];
  await Promise.all([run(first, SCRIPT, script("a")), run(second, SCRIPT, script("b"))]);
  expect(host.readFile("/root/log")).toMatch(/^(\w) in\n\1 out\n(\w) in\n\2 out\n$/);
  expect((await host.exec("exec 9> /run/lock/x; flock -n 9; echo $?")).stdout).toBe("0\n");
  first.end();
  second.end();
});

test("stop leaves no key behind", async () => {
  const host = await start();
  await host.stop();
  expect(existsSync(host.identityFile)).toBe(false);
});

test("an unknown profile is refused with those there are", async () => {
  await expect(start({ profile: "solaris" })).rejects.toThrow(
    'no profile "solaris" of a simulated host; there are: debian-xl',
  );
});
