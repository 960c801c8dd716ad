/**
 * Programs of other projects that tests start: database servers. Where one is missing, its tests are skipped and their title says
 * why; with `CI` set, it is a failure.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ServerKind {
  readonly name: string;
  /** The file of its program, found on the path or in a folder for servers. */
  readonly program: string;
  /** Further folders that may have it. */
  readonly folders?: readonly string[];
  /** What to do where it is missing. */
  readonly install: string;
  /** The variable with the URL of a developer's own server, which is used in place of the program. */
  readonly urlVariable: string;
}

export interface Requirement {
  /** The URL of a developer's own server. */
  readonly url: string | null;
  /** The path of the program. */
  readonly program: string | null;
  readonly isMet: boolean;
  /** For the title of the tests: empty, or the reason why they are skipped. */
  readonly note: string;
}

/** Where Debian and Homebrew put servers, which are not on every user's path. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];

/** @throws Error: in CI, the server is missing */
export function requireServer(
  { name, program: file, folders = [], install, urlVariable }: ServerKind,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Requirement {
  const url = env[urlVariable] || null;
  const program = findProgram(file, [...folders, ...(env.PATH ?? '').split(delimiter), ...serverFolders]);
  const isMet = url !== null || program !== null;
  const note = isMet ? '' : ` (needs ${name}: ${install}, or set ${urlVariable})`;
  if (!isMet && env.CI !== undefined) throw new Error(`${name} is missing${note}`);
  return { url, program, isMet, note };
}

function findProgram(file: string, folders: readonly string[]): string | null {
  const places = folders.filter((folder) => folder !== '');
  return places.map((folder) => join(folder, file)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
