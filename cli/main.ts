#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { confirmCommand } from "./confirm";
import { devicesCommand } from "./devices";
import { doctorCommand } from "./doctor";
import { importCommand } from "./import";
import { mapCommand } from "./map";
import { releaseCommand } from "./release";
import { simulateCommand } from "./simulate";

const { version } = JSON.parse(readFileSync(require.resolve("pulumi-pci-passthrough/package.json"), "utf8"));

new Command("pulumi-pci-passthrough")
  .description("Tools for Pulumi programs that use pulumi-pci-passthrough")
  .version(version, "--version", "print the version")
  .addCommand(devicesCommand())
  .addCommand(confirmCommand())
  .addCommand(doctorCommand())
  .addCommand(importCommand())
  .addCommand(mapCommand())
  .addCommand(releaseCommand())
  .addCommand(simulateCommand())
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
