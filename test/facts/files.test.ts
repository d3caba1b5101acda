import type { TextFile } from "../../provider/boot/text-file";
import { type HostFiles, selectFiles, withFile } from "../../provider/facts/files";
import { filesFact } from "../../provider/facts/files-fact";
import { ownReaders } from "../../provider/facts/pciback-conf";
import { vmConfigs } from "../../provider/facts/vm-configs";

const LINK: TextFile = { path: "/etc/xen/auto/a", target: "/etc/xen/a.cfg", text: "a" };

function filesOf(...files: readonly TextFile[]): HostFiles {
  return {
    byPath: new Map(files.map((file) => [file.path, file])),
    vmConfigPaths: [],
    pcibackConfReaders: [],
    whyNoVmConfigs: undefined,
  };
}

function textFile(path: string, text = ""): TextFile {
  return { path, target: path, text };
}

test("globs select as the shell's do, in their order", () => {
  const paths = ["/d/b.conf", "/d/a.conf", "/d/.hidden.conf", "/d/sub/c.conf", "/d/a.conf.bak", "/d/aXconf", "/e"];
  const files = filesOf(...paths.map((path) => textFile(path)));
  const selected = selectFiles(files, ["/e", "/d/*.conf", "/d/a.conf", "/none"]);
  expect(selected.map(({ path }) => path)).toEqual(["/e", "/d/a.conf", "/d/b.conf"]);
});

test("an edit reaches every path that leads to its target; a new file is there under its own path", () => {
  const files = filesOf(LINK, textFile("/etc/xen/a.cfg", "a"));
  expect([...withFile(files, "/etc/xen/a.cfg", "b").byPath.values()].map(({ text }) => text)).toEqual(["b", "b"]);
  expect(withFile(files, "/etc/xen/a.cfg", undefined).byPath.size).toBe(0);
  expect(withFile(files, "/new", "n").byPath.get("/new")).toEqual(textFile("/new", "n"));
  expect(withFile(files, "/none", undefined)).toEqual(files);
});

test("VM configurations are the files that were asked for as such, each once", () => {
  const files = filesOf(LINK, textFile("/etc/xen/a.cfg", "a"), textFile("/srv/b", "b"), textFile("/etc/default/grub"));
  const asked = ["/etc/xen/*.cfg", "/etc/xen/a.cfg", "/etc/xen/auto/a", "/srv/b"];
  expect(vmConfigs({ ...files, vmConfigPaths: asked }).map(({ path }) => path)).toEqual(["/etc/xen/a.cfg", "/srv/b"]);
});

test("what has no path is no reader and no VM", () => {
  expect(filesFact.parse({ text: "vm-config /etc/xen/*.cfg\npciback-conf-reader \n", exitCode: 0 })).toEqual({
    byPath: new Map(),
    vmConfigPaths: ["/etc/xen/*.cfg"],
    pcibackConfReaders: [],
  });
});

test("scripts that name each other are started only when one of them is", () => {
  const [a, b] = [textFile("/usr/local/sbin/a", "/usr/local/bin/b"), textFile("/usr/local/bin/b", "/usr/local/sbin/a")];
  const files = { ...filesOf(a, b), pcibackConfReaders: [a.path, b.path] };
  const startedWith = (...started: readonly string[]) =>
    ownReaders({ started, init: "sysv", modulesLoad: false }, files).map((reader) => reader.started);
  expect(startedWith()).toEqual([false, false]);
  expect(startedWith("b")).toEqual([true, true]);
});
