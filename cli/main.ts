#!/usr/bin/env node
import { Command } from "commander";
import { devicesCommand } from "./devices";
import { simulateCommand } from "./simulate";

new Command("pulumi-pci-passthrough")
  .description("Tools for Pulumi programs that use pulumi-pci-passthrough")
  .addCommand(devicesCommand())
  .addCommand(simulateCommand())
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
