/** Reads the environment once, checks all of it, and freezes the result. */
import * as v from 'valibot';
import { settings } from './settings.ts';

export interface Config extends Readonly<v.InferOutput<typeof settings>> {
  /** Whether npm runs the server as a script. npm is then the process that receives signals. */
  readonly startedByNpm: boolean;
}

/** All problems with the environment. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Invalid settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * @param env - texts by name, as in `process.env`; an empty text counts as unset
 * @throws ConfigError naming every problem at once
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const names = new Map(Object.entries(settings.entries).map(([key, entry]) => [key, v.getMetadata(entry).env]));
  const given = Object.fromEntries([...names].map(([key, name]) => [key, env[name]?.trim() || undefined]));
  const { success, output, issues } = v.safeParse(settings, given);
  if (!success)
    throw new ConfigError(issues.map((issue) => `${names.get(v.getDotPath(issue) ?? '')} ${issue.message}`));
  return Object.freeze({ ...output, startedByNpm: env.npm_lifecycle_event !== undefined });
}
