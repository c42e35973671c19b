/**
 * What a database says about IP addresses: files in the MaxMind DB format 2.0 (https://maxmind.github.io/MaxMind-DB/), of
 * places (GeoLite2 City and Country, DB-IP, and others with the same names) or of providers (ASN, ISP).
 */
import { Reader } from 'mmdb-lib';
import { IP_DATABASE_PROBES, IP_FACTS_KEPT_MAX } from '../limits.ts';
import type { IpAddress } from './networks.ts';

export type IpLanguage = 'zh' | 'en';

/** Texts; empty for what the database does not say. */
export interface IpFacts {
  readonly country: Readonly<Record<IpLanguage, string>>;
  /** ISO 3166-1, two letters. */
  readonly countryCode: string;
  readonly province: Readonly<Record<IpLanguage, string>>;
  readonly city: Readonly<Record<IpLanguage, string>>;
  readonly provider: string;
  /** `latitude,longitude` in degrees. */
  readonly location: string;
}

/** What a kind of database is about; one whose kind says nothing may have both. */
export type IpSubject = 'place' | 'provider';

const METADATA_MARKER = Buffer.from('\u00ab\u00cd\u00efMaxMind.com', 'latin1');
const FORMAT_VERSION = 2;
const SEPARATOR_BYTES = 16;

export class IpDatabase {
  readonly #reader: Reader<never>;
  readonly #facts = new Map<string, IpFacts>();

  /** Keeps the bytes. Errors: Error with what is wrong with them, as far as metadata and some entries tell. */
  constructor(bytes: Buffer) {
    const markerAt = bytes.lastIndexOf(METADATA_MARKER);
    if (markerAt < 0) throw new Error('it is not in the maxmind db format');
    this.#reader = openReader(bytes);
    const { binaryFormatMajorVersion, ipVersion, searchTreeSize } = this.#reader.metadata;
    if (binaryFormatMajorVersion !== FORMAT_VERSION)
      throw new Error(`its format has version ${binaryFormatMajorVersion}, not ${FORMAT_VERSION}`);
    if (ipVersion !== 4 && ipVersion !== 6) throw new Error('it has neither IPv4 nor IPv6');
    const separator = bytes.subarray(searchTreeSize, searchTreeSize + SEPARATOR_BYTES);
    if (searchTreeSize + SEPARATOR_BYTES > markerAt || separator.some((byte) => byte !== 0))
      throw new Error('it is damaged: its search tree does not end where it should');
    this.#probe();
  }

  /** Whether the kind of the database says that it has nothing on the subject: false then. */
  mayTell(subject: IpSubject): boolean {
    const kind = this.#reader.metadata.databaseType;
    const isOfProviders = /asn|isp|provider/i.test(kind);
    const isOfPlaces = /city|country|location|enterprise/i.test(kind);
    return isOfProviders === isOfPlaces || isOfProviders === (subject === 'provider');
  }

  /** Errors: Error for a damaged entry. */
  facts(address: IpAddress): IpFacts {
    const known = this.#facts.get(address.text);
    if (known !== undefined) return known;
    const facts = factsOf(this.#find(address));
    // Addresses of one statement come again and again; which ones go first matters little.
    if (this.#facts.size >= IP_FACTS_KEPT_MAX) this.#facts.clear();
    this.#facts.set(address.text, facts);
    return facts;
  }

  #find({ version, text }: IpAddress): unknown {
    if (version === 6 && this.#reader.metadata.ipVersion === 4) return undefined;
    return this.#reader.get(text);
  }

  /** Reads entries all over the tree. */
  #probe(): void {
    try {
      for (let i = 0; i < IP_DATABASE_PROBES; i++) {
        const bits = Math.floor((i / IP_DATABASE_PROBES) * 2 ** 32);
        const text = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
        factsOf(this.#reader.get(text));
      }
    } catch (cause) {
      throw new Error('it is damaged: an entry cannot be read', { cause });
    }
  }
}

function openReader(bytes: Buffer): Reader<never> {
  try {
    return new Reader<never>(bytes);
  } catch (cause) {
    throw new Error('it is damaged: its metadata cannot be read', { cause });
  }
}

/** Names as MaxMind nests them by language, or as plain texts, as some databases have them. */
function factsOf(entry: unknown): IpFacts {
  const country = member(entry, 'country') ?? member(entry, 'registered_country');
  const subdivisions = member(entry, 'subdivisions');
  const province = Array.isArray(subdivisions)
    ? subdivisions[0]
    : (member(entry, 'region') ?? member(entry, 'stateprov'));
  const city = member(entry, 'city');
  const location = member(entry, 'location') ?? entry;
  const latitude = member(location, 'latitude');
  const longitude = member(location, 'longitude');
  const hasLocation = latitude !== undefined && longitude !== undefined;
  return {
    country: inLanguages(member(entry, 'country_name') ?? country),
    countryCode:
      plainText(member(country, 'iso_code')) ||
      plainText(member(entry, 'country_code')) ||
      plainText(country),
    province: inLanguages(province),
    city: inLanguages(city),
    provider:
      plainText(member(entry, 'isp')) ||
      plainText(member(entry, 'autonomous_system_organization')) ||
      plainText(member(entry, 'as_name')) ||
      plainText(member(entry, 'organization')),
    location: hasLocation ? `${plainText(latitude)},${plainText(longitude)}` : '',
  };
}

function inLanguages(value: unknown): Readonly<Record<IpLanguage, string>> {
  const names = member(value, 'names') ?? value;
  const en = plainText(member(names, 'en')) || plainText(names);
  return { zh: plainText(member(names, 'zh-CN')) || en, en };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
