import type { Situation } from "../situation";
import { blockDevice, mounted, onServer, ROOT } from "./storage-server";

const PROC = "Linux 6.1, Documentation/filesystems/proc.rst, 3.5 /proc/<pid>/mountinfo";

export const MOUNTED_STORAGE: readonly Situation[] = [
  onServer("the disk of /", PROC, [ROOT], "00:17.0", ["boot-device", "carries sda"]),
  onServer(
    "a disk with data",
    PROC,
    [ROOT, blockDevice("nvme0n1"), blockDevice("nvme0n1p1"), mounted("nvme0n1p1", "/srv")],
    "04:00.0",
    ["mounted-storage", "nvme0n1"],
  ),
  onServer("a disk that nobody uses", PROC, [ROOT, blockDevice("nvme0n1")], "04:00.0"),
];
