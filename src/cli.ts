/**
 * Commands for operators: `heliograph users …`, started by `heliograph.js`. They work on the directory itself, whether the server runs or
 * not, with the server's settings and as its system user. A running server takes note within a second.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { ConfigError, readConfig } from './config/config.ts';
import { DomainError, StartError } from './domain/errors.ts';
import { createSnowflakes, workerMax } from './domain/snowflake.ts';
import { openDirectoryOnly } from './drivers.ts';
import { type AccountOperator, createAccountOperator, createPasswords } from './services/accounts/account-service.ts';

const usage = `Usage: heliograph users COMMAND [NAME]

  add NAME         create a user, and print a secret for their first login
  reset NAME       sign a user out, and print a secret that replaces their password for one login within the hour
  disable NAME     sign a user out, and refuse their logins and tokens
  enable NAME      undo disable
  sign-out NAME    end all sessions of a user
  sign-out --all   end all sessions of all users

The settings are those of the server; DATA_DIR or MYSQL_URL is the most important one.`;

/** Carries a command out, and returns the text to print; null for an unknown command. */
async function run(operator: AccountOperator, command: string, name: string): Promise<string | null> {
  if (command === 'sign-out' && name === '--all') {
    await operator.signOutEverybody();
    return 'All sessions of all users have ended.';
  }
  const secretFor = (secret: string) =>
    `${secret}\n\nThis secret replaces the password of ${name} for one login within the hour. Then they choose a password.`;
  switch (command) {
    case 'add':
      return secretFor(await operator.add(name));
    case 'reset':
      return secretFor(await operator.reset(name));
    case 'disable':
      await operator.disable(name);
      return `${name} is disabled, and all their sessions have ended.`;
    case 'enable':
      await operator.enable(name);
      return `${name} is enabled.`;
    case 'sign-out':
      await operator.signOut(name);
      return `All sessions of ${name} have ended.`;
    default:
      return null;
  }
}

async function main([noun, command, name, ...more]: readonly string[]): Promise<void> {
  if (noun !== 'users' || command === undefined || name === undefined || more.length > 0) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const config = readConfig();
  const clock = Date.now;
  const onError = (error: unknown) => console.error((error as Error).message);
  await using directory = await openDirectoryOnly({ config, onError });
  const snowflakes = createSnowflakes(clock, () => randomInt(workerMax + 1));
  const operator = createAccountOperator({
    users: directory.users,
    control: directory.accountControl,
    passwords: createPasswords(),
    newId: () => snowflakes.next(),
    randomToken: () => randomBytes(18).toString('base64url'),
    clock,
  });
  const answer = await run(operator, command, name);
  console.log(answer ?? usage);
  if (answer === null) process.exitCode = 2;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isExpected = [ConfigError, DomainError, StartError].some((kind) => error instanceof kind);
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = 1;
});
