/** Problems at the start that waiting does not solve, each with its remedy. They never show the URL, which may hold a password. */
import { mongo } from 'mongoose';

/** MongoDB 6.0. */
const wireVersionMin = 17;
const versionMin = '6.0';

/** Codes of the server. */
const unauthorized = 13;
const authenticationFailed = 18;
const indexOptionsConflict = 85;
const indexKeySpecsConflict = 86;

/** The reason why a server that answers cannot be used; null if it can. */
export function problemOfServer({ setName, msg, maxWireVersion }: mongo.Document): string | null {
  if (maxWireVersion < wireVersionMin) return olderServer();
  if (setName === undefined && msg !== 'isdbgrid') {
    return (
      'MONGO_URL leads to a MongoDB server that is not a member of a replica set, so it cannot confirm that a write survives. ' +
      'Start it with --replSet and run rs.initiate() once; a set of one member is enough.'
    );
  }
  return null;
}

/** The reason why an attempt to start was in vain; null if a later attempt can succeed. */
export function problemOfStart(error: unknown, url: string): string | null {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (error instanceof mongo.MongoCompatibilityError || /wire version/.test(message)) return olderServer();
  if (isAboutUrl(error)) {
    return `MONGO_URL is not a valid MongoDB URL: ${withoutSecrets(message, url)}. Use mongodb://USER:PASSWORD@HOST:PORT/DATABASE, with special characters percent-encoded.`;
  }
  if (error instanceof mongo.MongoMissingCredentialsError || code === authenticationFailed) {
    return 'MongoDB refuses the user name or the password in MONGO_URL. Correct them; authSource=DATABASE names the database that has the user.';
  }
  if (code === unauthorized) {
    return `The MongoDB user in MONGO_URL lacks a privilege (${withoutSecrets(message, url)}). Grant it the role readWrite on the database.`;
  }
  if (code === indexOptionsConflict || code === indexKeySpecsConflict) {
    return `The MongoDB database has an index that differs from the one that Heliograph needs (${message}). Drop that index; the next start makes the right one.`;
  }
  return null;
}

function olderServer(): string {
  return `The MongoDB server in MONGO_URL is older than ${versionMin}. Upgrade it to ${versionMin} or a later version.`;
}

/** By name, because the driver's parser of URLs is a package of its own, with classes of the same names. */
const urlErrors = new Set(['MongoParseError', 'MongoInvalidArgumentError', 'MongoAPIError', 'URIError']);

function isAboutUrl(error: unknown): boolean {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  return urlErrors.has(name ?? '') || code === 'ERR_INVALID_URL' || /^Unable to parse .* with URL$/.test(message ?? '');
}

/** A message of the driver, which may quote the URL, without user name and password. */
function withoutSecrets(message: string, url: string): string {
  const [, credentials] = /^[^:]*:\/\/([^/]*)@/.exec(url) ?? [];
  const secrets = [url, ...(credentials === undefined ? [] : [credentials, ...credentials.split(':')])];
  return secrets
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '…'), message)
    .replace(/\.$/, '');
}
