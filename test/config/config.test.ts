import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { descriptions, settings } from '../../src/config/settings.ts';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  return [];
}

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      dataDir: './data',
      jwtSecret: null,
      jwtJwksUrl: null,
      rateLimitScale: 1,
      logLevel: 'info',
      allowedOrigins: [],
      trustProxy: 0,
      fanOutOnWriteMaxMembers: 100,
      backlogMax: 1000,
      pageSizeMax: 500,
      leaseTtlMs: 60_000,
    });
  });

  it('reads settings in their units', () => {
    const env = {
      PORT: '0',
      ACCESS_TOKEN_TTL_S: '60',
      RATE_LIMIT_SCALE: '0.5',
      TRUST_PROXY: '1',
      ALLOWED_ORIGINS: 'https://a.example, http://localhost:3000',
    };
    expect(readConfig(env)).toMatchObject({
      port: 0,
      accessTokenTtlMs: 60_000,
      rateLimitScale: 0.5,
      trustProxy: 1,
      allowedOrigins: ['https://a.example', 'http://localhost:3000'],
    });
  });

  it('counts an empty text as unset', () => {
    expect(readConfig({ PORT: '', JWT_SECRET: ' ', MONGO_URL: '' })).toEqual(readConfig({}));
  });

  it('requires a secret that instances share where they share the directory', () => {
    const mysql = { MYSQL_URL: 'mysql://u@127.0.0.1/db' };
    const provider = { JWT_JWKS_URL: 'https://idp.example/keys', JWT_ISSUER: '*', JWT_AUDIENCE: '*' };
    const problem = /^JWT_SECRET must be set if MYSQL_URL is/;
    expect(problemsOf(mysql)).toEqual([expect.stringMatching(problem)]);
    expect(problemsOf({ ...mysql, ...provider, PASSWORD_SIGN_IN: 'true' })).toEqual([expect.stringMatching(problem)]);
    const enough: Record<string, string>[] = [
      { JWT_SECRET: 's'.repeat(32) },
      { JWT_SECRET_FILE: '/secrets' },
      provider,
    ];
    for (const own of enough) expect(problemsOf({ ...mysql, ...own })).toEqual([]);
  });

  it('cannot be changed afterwards', () => {
    const config = readConfig({ ALLOWED_ORIGINS: 'https://a.example' });
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
    expect(() => (config.allowedOrigins as string[]).push('https://b.example')).toThrow(TypeError);
  });

  it('names every problem at once', () => {
    const problems = problemsOf({
      PORT: 'http',
      PAGE_SIZE_MAX: '0',
      LOG_LEVEL: 'loud',
      JWT_SECRET: 'short',
      ALLOWED_ORIGINS: 'https://a.example/path',
      JWT_JWKS_URL: 'file:///etc/keys',
    });
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual([
      'ALLOWED_ORIGINS',
      'JWT_JWKS_URL',
      'JWT_SECRET',
      'LOG_LEVEL',
      'PAGE_SIZE_MAX',
      'PORT',
    ]);
    expect(() => readConfig({ PORT: 'http', PAGE_SIZE_MAX: '0' })).toThrow(/PORT[\s\S]*PAGE_SIZE_MAX/);
  });

  it('names a missing companion beside the other problems', () => {
    expect(problemsOf({ PORT: 'http', JWT_ISSUER: 'x', JWT_AUDIENCE: 'y' }).toSorted()).toEqual([
      'JWT_AUDIENCE and JWT_JWKS_URL must be set together',
      'JWT_ISSUER and JWT_JWKS_URL must be set together',
      'PORT must be a whole number from 0 to 65535 (port): http',
    ]);
  });

  it('does not call a companion missing that is there but invalid', () => {
    expect(problemsOf({ JWT_ISSUER: 'x', JWT_AUDIENCE: 'y', JWT_JWKS_URL: 'nowhere' })).toEqual([
      'JWT_JWKS_URL must be an https URL; http is accepted for a loopback address',
    ]);
  });

  it('keeps a secret that is refused out of the message', () => {
    expect(problemsOf({ JWT_SECRET: 'short-secret' }).join()).not.toContain('short-secret');
  });

  it('accepts an identity provider only with its issuer and audience, or an explicit `*`', () => {
    const provider = { JWT_JWKS_URL: 'https://id.example/keys', JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: '*' };
    expect(problemsOf(provider)).toEqual([]);
    for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE']) {
      const problem = `${name} and JWT_JWKS_URL must be set together`;
      expect(problemsOf({ ...provider, [name]: '' })).toEqual([problem]);
      expect(problemsOf({ [name]: 'heliograph' })).toEqual([problem]);
    }
  });

  it('accepts plain http for keys of an identity provider within this machine only', () => {
    const problems = (JWT_JWKS_URL: string) => problemsOf({ JWT_JWKS_URL, JWT_ISSUER: '*', JWT_AUDIENCE: '*' });
    for (const host of ['localhost:8080', '127.0.0.1', '127.8.8.8', '[::1]:1'])
      expect(problems(`http://${host}/keys`)).toEqual([]);
    for (const url of ['http://id.example/keys', 'http://127.evil.example/', 'http://10.0.0.1/', 'ftp://localhost/'])
      expect(problems(url)).toEqual([expect.stringContaining('JWT_JWKS_URL must be an https URL')]);
  });

  it('takes no database on another machine without a word about its encryption', () => {
    for (const url of [
      'mongodb://localhost/a',
      'mongodb://u:p@127.0.0.1:27017,[::1]:27018/a?replicaSet=r',
      'mongodb://db1,db2/a?replicaSet=r&tls=true',
      'mongodb://u:p%40@db1/?ssl=false',
      'mongodb+srv://cluster.example.com/a',
      // Malformed, which the driver explains.
      'mongodb://user:a/b@127.0.0.1/a',
    ])
      expect([url, problemsOf({ MONGO_URL: url })]).toEqual([url, []]);
    for (const url of [
      'mongodb://db1/a',
      'mongodb://user:secret@127.0.0.1,db1:27017/a?replicaSet=r',
      'mongodb://db1?retryWrites=true&atls=true',
      'mongodb://localhost.evil.example/a',
    ]) {
      const [problem] = problemsOf({ MONGO_URL: url });
      expect(problem).toMatch(/^MONGO_URL must contain tls=true/);
      expect(problem).not.toContain('secret');
    }
  });

  it('takes no MySQL on another machine without a word about its encryption', () => {
    const problems = (host: string, query = '') =>
      problemsOf({ MYSQL_URL: `mysql://u:secret@${host}/db${query}`, JWT_SECRET: 's'.repeat(32) });
    for (const host of ['localhost', '127.0.0.1:3307', '[::1]']) expect(problems(host)).toEqual([]);
    for (const mode of ['VERIFY_IDENTITY', 'DISABLED']) expect(problems('db1', `?ssl-mode=${mode}`)).toEqual([]);
    const [problem] = problems('db1');
    expect(problem).toMatch(/^MYSQL_URL must contain ssl-mode=VERIFY_IDENTITY/);
    expect(problem).not.toContain('secret');
  });

  it.each(['1.5', 'NaN', 'Infinity', '-1', '65536', '0x10', '1e3', '+80', '8 0'])('refuses the port %s', (PORT) => {
    expect(problemsOf({ PORT })).toHaveLength(1);
  });

  const numbers = descriptions.flatMap(({ env, min, max }) =>
    min === undefined || max === undefined ? [] : [{ env, min, max }],
  );
  it.each(numbers)('holds $env to its range', ({ env, min, max }) => {
    // The texts must fit into a request.
    const problems = (value: number) => problemsOf({ TEXT_MAX_BYTES: '1', [env]: String(value) });
    expect(problems(min)).toEqual([]);
    expect(problems(max)).toEqual([]);
    expect(problems(min - 1)).toHaveLength(1);
    expect(problems(max + 1)).toHaveLength(1);
  });

  it('refuses texts that no request could hold', () => {
    expect(problemsOf({ TEXT_MAX_BYTES: '20000', REQUEST_MAX_BYTES: '10000' })).toEqual([
      'TEXT_MAX_BYTES is more than REQUEST_MAX_BYTES: such a text could not be sent',
    ]);
  });

  it.each([
    ['HTTPS://App.Example.com:443', ['https://app.example.com']],
    ['http://localhost:80, http://[::1]:5173', ['http://localhost', 'http://[::1]:5173']],
    ['capacitor://localhost,ionic://localhost, app://-', ['capacitor://localhost', 'ionic://localhost', 'app://-']],
    ['chrome-extension://abcdef, null, file://', ['chrome-extension://abcdef', 'null', 'file://']],
    ['*', ['*']],
  ])('reads the origins %s as browsers write them', (ALLOWED_ORIGINS, allowedOrigins) => {
    expect(readConfig({ ALLOWED_ORIGINS })).toMatchObject({ allowedOrigins });
  });

  it.each([
    'https://*.example.com',
    'https://app.example.com/',
    'https://user@app.example.com',
    'https://',
    'app.example.com',
    'https://a.example,*.example.com',
    'https://a.example:99999',
  ])('refuses the origins %s, which no browser sends', (ALLOWED_ORIGINS) => {
    expect(problemsOf({ ALLOWED_ORIGINS })).toEqual([expect.stringMatching(/^ALLOWED_ORIGINS must be origins/)]);
  });

  it.each([
    ['2', 2],
    ['loopback', ['loopback']],
    ['10.0.0.0/8, 192.0.2.1,2001:db8::/32', ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']],
  ])('reads the proxies %s', (TRUST_PROXY, trustProxy) => {
    expect(readConfig({ TRUST_PROXY })).toMatchObject({ trustProxy });
  });

  it.each([
    'true',
    '-1',
    '33',
    '1.5',
    'nginx',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.1',
    '2001:db8::/129',
    '1, loopback',
    ',',
  ])('refuses %s as proxies', (TRUST_PROXY) => {
    expect(problemsOf({ TRUST_PROXY })).toEqual([expect.stringMatching(/^TRUST_PROXY must be a number of proxies/)]);
  });
});

describe('the declarations of the settings', () => {
  it('name each setting once', () => {
    const names = descriptions.map(({ env }) => env);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(Object.keys(settings.entries).length);
  });

  it.each([...descriptions])('give $env a unit and a reason', ({ env, unit, reason }) => {
    expect(env).toMatch(/^[A-Z][A-Z_]+$/);
    expect(unit).not.toBe('');
    expect(reason).toMatch(/^[A-Z].*\.$/);
  });
});
