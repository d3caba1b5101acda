import { STANDARD_PROGRAMS } from "../../simulator/commands/standard";
import type { Command, CommandCall, Profile } from "../../simulator/machine";

/** The same kind of host, with something around each of its programs. */
export function withPrograms(profile: Profile, wrap: (name: string, program: Command) => Command): Profile {
  const standard = STANDARD_PROGRAMS.map((name) => [name, (call: CommandCall) => call.builtin(call.args)] as const);
  const programs = Object.entries({ ...Object.fromEntries(standard), ...profile.commands });
  return { ...profile, commands: Object.fromEntries(programs.map(([name, run]) => [name, wrap(name, run)])) };
}
