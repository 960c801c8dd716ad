/**
 * Kinds of values for settings. Each kind reads a text from the environment, names the problem with an invalid text,
 * and describes its unit and range for the README.
 */
import * as v from 'valibot';
import { canonicalOrigin } from '../domain/web-origin.ts';
import { readTrustedProxies } from './trusted-proxies.ts';

/** `min` and `max` are numbers in `unit`; kinds without them describe their values by `unit` alone. */
export interface Range {
  readonly unit: string;
  readonly min?: number;
  readonly max?: number;
}

type Described<Input, Output, Description extends object> = v.SchemaWithPipe<
  readonly [v.GenericSchema<Input, Output>, v.MetadataAction<Output, Description & Record<string, unknown>>]
>;

export type Values<Output> = Described<string, Output, Range>;

export interface Description extends Range {
  /** The name in the environment. */
  readonly env: string;
  /** As it would be written in the environment; null if an unset setting has its own meaning. */
  readonly default: string | number | boolean | null;
  readonly reason: string;
}

export type Setting<Output> = Described<string | null | undefined, Output, Description>;

/**
 * Declares a setting.
 *
 * @param initial - the default, read like a value from the environment; null for none
 * @param reason - purpose of the setting, as a sentence for the README's table
 */
export function setting<Output>(
  env: string,
  initial: null,
  values: Values<Output>,
  reason: string,
): Setting<Output | null>;
export function setting<Output>(
  env: string,
  initial: string | number | boolean,
  values: Values<Output>,
  reason: string,
): Setting<Output>;
export function setting<Output>(
  env: string,
  initial: Description['default'],
  values: Values<Output>,
  reason: string,
): Setting<Output | null> {
  const text = initial === null ? null : String(initial);
  const description = { ...v.getMetadata(values), env, default: initial, reason };
  return v.pipe(v.optional(v.nullable(values), text), v.metadata(description));
}

export const whole = (unit: string, min: number, max: number): Values<number> =>
  inRange('a whole number', Number.isInteger, unit, min, max);

export const decimal = (unit: string, min: number, max: number): Values<number> =>
  inRange('a number', Number.isFinite, unit, min, max);

/** Written in seconds, read in milliseconds. */
export const seconds = (min: number, max: number): Values<number> => {
  const values = whole('seconds', min, max);
  return describe(
    v.pipe(
      values,
      v.transform((value) => value * 1000),
    ),
    v.getMetadata(values),
  );
};

export const flag = (): Values<boolean> =>
  describe(
    v.pipe(
      v.string(),
      v.parseBoolean(
        { truthy: ['true', '1'], falsy: ['false', '0'] },
        ({ input }) => `must be true or false: ${input}`,
      ),
    ),
    { unit: 'true or false' },
  );

export const text = (unit: string): Values<string> => describe(v.string(), { unit });

/** The problem with a secret does not repeat it. */
export const secret = (bytesMin: number): Values<string> =>
  describe(v.pipe(v.string(), v.minBytes(bytesMin, `must have at least ${bytesMin} bytes`)), {
    unit: `text, at least ${bytesMin} bytes`,
  });

export const oneOf = <const Option extends string>(options: readonly Option[]): Values<Option> =>
  describe(v.pipe(v.string(), v.picklist(options, `must be one of ${options.join(', ')}`)), {
    unit: options.join(', '),
  });

/** Plain HTTP is allowed only within this machine: on a network, an attacker could replace the answer. */
export const secureUrl = (): Values<string> =>
  describe(v.pipe(v.string(), v.check(isSecureUrl, 'must be an https URL; http is accepted for a loopback address')), {
    unit: 'URL',
  });

/** A MongoDB URL. Passwords and messages cross a network in plain text only if the URL says so. */
export const mongoUrl = (): Values<string> =>
  describe(
    v.pipe(
      v.string(),
      v.check(
        choosesTls,
        'must contain tls=true, or tls=false for a trusted network, unless all hosts are on loopback',
      ),
    ),
    { unit: 'URL' },
  );

/** The same for MySQL. */
export const mysqlUrl = (): Values<string> =>
  describe(
    v.pipe(
      v.string(),
      v.check((value) => {
        const url = URL.parse(value);
        return url === null || isLoopback(url.hostname) || url.searchParams.has('ssl-mode');
      }, 'must contain ssl-mode=VERIFY_IDENTITY, or ssl-mode=DISABLED for a trusted network, unless the host is on loopback'),
    ),
    { unit: 'URL' },
  );

/** Origins of web pages, separated by commas; `*` is every origin. Read in the spelling that browsers send. */
export const origins = (): Values<readonly string[]> =>
  describe(
    v.pipe(
      v.string(),
      v.transform((value) =>
        value
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      ),
      v.everyItem(
        (one) => one === '*' || canonicalOrigin(one) !== null,
        ({ input }) =>
          `must be origins such as https://app.example.com, capacitor://localhost or null, without a path or a wildcard: ${input.find((one) => one !== '*' && canonicalOrigin(one) === null)}`,
      ),
      v.transform((list) => Object.freeze(list.map((one) => (one === '*' ? one : (canonicalOrigin(one) ?? one))))),
    ),
    { unit: 'origins, separated by commas' },
  );

/** The number of proxies in front of the server, or their addresses. */
export const trustedProxies = (): Values<number | readonly string[]> =>
  describe(
    v.pipe(
      v.string(),
      v.check(
        (value) => readTrustedProxies(value) !== null,
        ({ input }) => `must be a number of proxies, or addresses such as loopback,10.0.0.0/8: ${input}`,
      ),
      v.transform((value) => readTrustedProxies(value) ?? 0),
    ),
    { unit: 'number of proxies, or addresses separated by commas' },
  );

function isSecureUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.protocol !== 'http:') return url?.protocol === 'https:';
  return isLoopback(url.hostname);
}

/** Whether a URL says if its connections are encrypted; `mongodb+srv` encrypts by default. The driver explains malformed ones. */
function choosesTls(value: string): boolean {
  const [, hosts = '', options = ''] = /^mongodb:\/\/(?:[^/?]*@)?([^/?@]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(value) ?? [];
  const names = hosts.split(',').map((host) => /^(\[[^\]]+\]|[^:[\]]+)(?::\d+)?$/.exec(host)?.[1]);
  const mayStay = names.every((name) => name === undefined || isLoopback(name));
  return mayStay || /(?:^|&)(?:tls|ssl)=(?:true|false)(?:&|$)/i.test(options);
}

const isLoopback = (host: string) => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);

/** Number() also reads 0x10, 1e3 and an empty text. */
const decimalNumber = /^-?\d+(?:\.\d+)?$/;

function inRange(
  what: string,
  isValid: (value: number) => boolean,
  unit: string,
  min: number,
  max: number,
): Values<number> {
  const isInRange = (given: string) =>
    decimalNumber.test(given) && isValid(Number(given)) && Number(given) >= min && Number(given) <= max;
  return describe(
    v.pipe(
      v.string(),
      v.check(isInRange, ({ input }) => `must be ${what} from ${min} to ${max} (${unit}): ${input}`),
      v.toNumber(),
    ),
    { unit, min, max },
  );
}

function describe<Output>(schema: v.GenericSchema<string, Output>, range: Range): Values<Output> {
  return v.pipe(schema, v.metadata({ ...range }));
}
