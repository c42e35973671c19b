/**
 * Functions that look things up in files of the user's (sls-query §3.8): where an IP address is, whether one is a threat,
 * where a phone number is from. Without the file they say which option it needs.
 */
import { AppError } from '#base/app-error.ts';
import type { DataFiles } from './data-files.ts';
import type { IpFacts, IpLanguage, IpSubject } from './ip-database.ts';
import { KnownIps, type IpAddress } from './networks.ts';
import type { PhonePlace } from './phone-prefixes.ts';
import { TEXT, udf, WHOLE, type ScalarUdf } from './scalar-udf.ts';

interface IpFunction {
  readonly subject: IpSubject;
  readonly fact: (facts: IpFacts, language: IpLanguage) => string;
  readonly intranet: string;
}

const INTRANET = 'intranet';

/** By what follows `ip_to_` and `ipv6_to_`. Of a country the other language is its code, as in the service. */
const IP_FUNCTIONS: Readonly<Record<string, IpFunction>> = {
  country: {
    subject: 'place',
    fact: (facts, language) => (language === 'en' ? facts.countryCode : facts.country.zh),
    intranet: INTRANET,
  },
  country_code: { subject: 'place', fact: (facts) => facts.countryCode, intranet: INTRANET },
  province: {
    subject: 'place',
    fact: (facts, language) => facts.province[language],
    intranet: INTRANET,
  },
  city: { subject: 'place', fact: (facts, language) => facts.city[language], intranet: INTRANET },
  provider: { subject: 'provider', fact: (facts) => facts.provider, intranet: INTRANET },
  geo: { subject: 'place', fact: (facts) => facts.location, intranet: '' },
  city_geo: { subject: 'place', fact: (facts) => facts.location, intranet: '' },
};

const THREATS = { ip: 'hasIp', domain: 'hasDomain', url: 'hasUrl' } as const;
const PHONE_FACTS = ['province', 'city', 'carrier'] as const;
const IP_PREFIXES = ['ip_to', 'ipv6_to'] as const;

/** Of the files as they are at each call. */
export function lookupFunctions(files: DataFiles): readonly ScalarUdf[] {
  const ips = new KnownIps();
  return [
    ...IP_PREFIXES.flatMap((prefix) =>
      Object.entries(IP_FUNCTIONS).map(([name, one]) =>
        udf(`sls_${prefix}_${name}`, [TEXT, TEXT], TEXT, (ip, language) =>
          ipFact({ files, ips, functionName: `${prefix}_${name}` }, one, ip, languageOf(language)),
        ),
      ),
    ),
    udf('sls_ipv6_to_domain', [TEXT], TEXT, (ip) => domainOf(ips, ip)),
    ...Object.entries(THREATS).map(([name, test]) =>
      udf(`sls_security_check_${name}`, [TEXT], WHOLE, (text) =>
        files.threatList(`security_check_${name}`)[test](text) ? 1n : 0n,
      ),
    ),
    ...PHONE_FACTS.map((name: keyof PhonePlace) =>
      udf(
        `sls_mobile_${name}`,
        [TEXT],
        TEXT,
        (number) => files.phoneDatabase(`mobile_${name}`).find(number)?.[name] ?? '',
      ),
    ),
  ];
}

export const LOOKUP_MACROS: string = [
  ...IP_PREFIXES.flatMap((prefix) =>
    Object.keys(IP_FUNCTIONS).map(
      (name) => `CREATE MACRO ${prefix}_${name}(ip) AS sls_${prefix}_${name}(ip::VARCHAR, 'zh'),
        (ip, language) AS sls_${prefix}_${name}(ip::VARCHAR, language::VARCHAR);`,
    ),
  ),
  'CREATE MACRO ipv6_to_domain(ip) AS sls_ipv6_to_domain(ip::VARCHAR);',
  ...Object.keys(THREATS).map(
    (name) => `CREATE MACRO security_check_${name}(x) AS sls_security_check_${name}(x::VARCHAR);`,
  ),
  ...PHONE_FACTS.map((name) => `CREATE MACRO mobile_${name}(n) AS sls_mobile_${name}(n::VARCHAR);`),
].join('\n');

interface IpLookup {
  readonly files: DataFiles;
  readonly ips: KnownIps;
  readonly functionName: string;
}

function ipFact(
  { files, ips, functionName }: IpLookup,
  { subject, fact, intranet }: IpFunction,
  ip: string,
  language: IpLanguage,
): string {
  const databases = files.ipDatabases(functionName, subject);
  const { address, isIntranet } = ips.find(ip);
  if (address === undefined) return '';
  if (isIntranet) return intranet;
  for (const database of databases) {
    const text = fact(factsOf(database, address), language);
    if (text !== '') return text;
  }
  return '';
}

function factsOf(database: { facts(address: IpAddress): IpFacts }, address: IpAddress): IpFacts {
  try {
    return database.facts(address);
  } catch (cause) {
    throw new AppError('ParameterInvalid', 'ip database is damaged', { cause });
  }
}

function languageOf(text: string): IpLanguage {
  const language = text.toLowerCase();
  if (language === 'en' || language === 'zh') return language;
  throw new AppError('ParameterInvalid', `names are in 'zh' or 'en', not '${text.slice(0, 20)}'`);
}

function domainOf(ips: KnownIps, ip: string): string {
  const { address, isIntranet } = ips.find(ip);
  if (address === undefined) return 'invalid';
  return isIntranet ? INTRANET : 'internet';
}
