/** The parts of MYSQL_URL. */
import { StartError } from '../../domain/errors.ts';

export interface MysqlAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Null: unencrypted. `verifyIdentity`: the certificate must name the host. */
  readonly tls: { readonly verifyIdentity: boolean } | null;
}

const form = 'mysql://USER:PASSWORD@HOST:PORT/DATABASE';

/**
 * Modes of MySQL's own clients, without those that encrypt for anybody. The certificates that are trusted are Node's
 * (`NODE_EXTRA_CA_CERTS`).
 */
const tlsModes: Readonly<Record<string, MysqlAccess['tls']>> = {
  DISABLED: null,
  VERIFY_CA: { verifyIdentity: false },
  VERIFY_IDENTITY: { verifyIdentity: true },
};

/** @throws StartError: a part is missing or unknown. The message does not contain the URL, which holds a password. */
export function parseMysqlUrl(text: string): MysqlAccess {
  const refuse = (problem: string): never => {
    throw new StartError(`MYSQL_URL ${problem}. It has the form ${form}, with special characters as %XX.`);
  };
  const url = URL.parse(text) ?? refuse('is not a URL');
  const decode = (part: string, name: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return refuse(`has an invalid %XX in its ${name}`);
    }
  };
  const [database = '', ...more] = url.pathname.split('/').slice(1);
  if (url.hostname === '') refuse('names no host');
  if (url.username === '') refuse('names no user');
  if (database === '') refuse('names no database');
  if (more.length > 0 || url.hash !== '') refuse('has something after the database');
  const { 'ssl-mode': mode = 'DISABLED', ...unknown } = Object.fromEntries(url.searchParams);
  const [option] = Object.keys(unknown);
  if (option !== undefined) refuse(`has an unknown option ${option}; ssl-mode is the only one`);
  const tls = tlsModes[mode.toUpperCase()];
  if (tls === undefined) return refuse(`has an unknown ssl-mode; it is one of ${Object.keys(tlsModes).join(', ')}`);
  // mysql2 compares a certificate with names only; for an address it would accept one for `localhost`.
  if (tls?.verifyIdentity && /^[\d.]+$|:/.test(url.hostname)) refuse('needs a host name for ssl-mode=VERIFY_IDENTITY');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 3306 : Number(url.port),
    user: decode(url.username, 'user'),
    password: decode(url.password, 'password'),
    database: decode(database, 'database'),
    tls,
  };
}
