import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { checkDataFiles, DataFiles, NO_DATA_FILES, type DataFileOptions } from './data-files.ts';
import { IpDatabase } from './ip-database.ts';
import { lookupFunctions } from './lookups.ts';
import { writeMmdb, type MmdbValue } from './mmdb-writer.ts';
import { NetworkSet, parseIp } from './networks.ts';
import { PhonePrefixes } from './phone-prefixes.ts';
import { ThreatList } from './threat-list.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-lookups-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function call(files: DataFiles, name: string, ...values: readonly string[]): unknown {
  const udf = lookupFunctions(files).find((one) => one.name === `sls_${name}`);
  return must(udf, name).call(values);
}

function place(code: string, en: string, zh?: string): MmdbValue {
  const names = { en, ...(zh === undefined ? {} : { 'zh-CN': zh }) };
  return { iso_code: code, names };
}

const CITIES = {
  '1.2.0.0/16': { country: place('CN', 'China', '中国') },
  '1.2.3.0/24': {
    country: place('CN', 'China', '中国'),
    subdivisions: [place('ZJ', 'Zhejiang', '浙江省'), place('X', 'a part of it')],
    city: place('', 'Hangzhou', '杭州'),
    location: { latitude: 30.2943, longitude: -120.1663, accuracy_radius: 50 },
    is_test: true,
    notes: 'x'.repeat(400),
  },
  '1.2.3.128/32': { registered_country: place('US', 'United States') },
  '2001:db8::/32': { country: place('DE', 'Germany', '德国') },
} satisfies Record<string, MmdbValue>;
const ISPS = {
  '1.0.0.0/8': { autonomous_system_number: 65_001, autonomous_system_organization: 'Example AS' },
  '2001::/16': { isp: 'Example ISP', autonomous_system_organization: 'Example AS 6' },
};

function databases(): DataFileOptions {
  const ipDatabases = [
    write('city.mmdb', writeMmdb(CITIES, { databaseType: 'GeoLite2-City' })),
    write('asn.mmdb', writeMmdb(ISPS, { databaseType: 'GeoLite2-ASN' })),
  ];
  return { ...NO_DATA_FILES, ipDatabases };
}

describe('addresses', () => {
  test.each([
    ['1.2.3.4', 4, '1.2.3.4'],
    [' 1.2.3.4 ', 4, '1.2.3.4'],
    ['::ffff:1.2.3.4', 4, '1.2.3.4'],
    ['::FFFF:102:304', 4, '1.2.3.4'],
    ['0:0:0:0:0:ffff:1.2.3.4', 4, '1.2.3.4'],
    ['2001:db8::1', 6, '2001:db8::1'],
    ['fe80::1%eth0', 6, 'fe80::1'],
    ['::', 6, '::'],
  ])('%s has version %d', (text, version, wanted) => {
    expect(parseIp(text)).toMatchObject({ version, text: wanted });
  });

  test.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4/8', 'x', ':::', '1'.repeat(1000)])(
    '%j is none',
    (text) => {
      expect(parseIp(text)).toBeUndefined();
    },
  );

  test('bits are those of the groups', () => {
    expect(parseIp('2001:db8::ff00:1')?.bits).toBe(0x2001_0db8_0000_0000_0000_0000_ff00_0001n);
    expect(parseIp('1:2:3:4:5:6:7:8')?.bits).toBe(0x0001_0002_0003_0004_0005_0006_0007_0008n);
    expect(parseIp('255.0.0.1')?.bits).toBe(0xff00_0001n);
  });

  test('a set has the addresses of its networks', () => {
    const set = new NetworkSet();
    for (const network of ['10.1.0.0/16', '8.8.8.8', '2001:db8::/33', '0.0.0.0/32'])
      expect(set.add(network)).toBe(true);
    for (const wrong of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'x/8', '1.1.1.1/-1'])
      expect(set.add(wrong)).toBe(false);
    const has = (text: string): boolean => set.has(must(parseIp(text), text));
    expect(
      ['10.1.255.255', '8.8.8.8', '2001:db8:7fff::1', '::ffff:10.1.0.1', '0.0.0.0'].map(has),
    ).toEqual([true, true, true, true, true]);
    expect(['10.2.0.0', '8.8.8.9', '2001:db8:8000::', '::10.1.0.1'].map(has)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('ip databases', () => {
  test.each([
    ['ip_to_country', '1.2.3.4', 'zh', '中国'],
    ['ip_to_country', '1.2.3.4', 'EN', 'CN'],
    ['ip_to_country_code', '1.2.9.9', 'zh', 'CN'],
    ['ip_to_province', '1.2.3.4', 'zh', '浙江省'],
    ['ip_to_province', '1.2.3.4', 'en', 'Zhejiang'],
    ['ip_to_city', '1.2.3.4', 'zh', '杭州'],
    ['ip_to_city', '1.2.3.4', 'en', 'Hangzhou'],
    ['ip_to_city', '1.2.9.9', 'zh', ''],
    ['ip_to_geo', '1.2.3.4', 'zh', '30.2943,-120.1663'],
    ['ip_to_city_geo', '1.2.9.9', 'zh', ''],
    ['ip_to_country', '1.2.3.128', 'zh', 'United States'],
    ['ip_to_country', '9.9.9.9', 'zh', ''],
    ['ip_to_country', '2001:db8:1::', 'zh', '德国'],
    ['ipv6_to_country', '2001:db8:1::', 'en', 'DE'],
    ['ipv6_to_country', '::ffff:1.2.3.4', 'en', 'CN'],
    ['ip_to_provider', '1.200.3.4', 'zh', 'Example AS'],
    ['ipv6_to_provider', '2001:db8::1', 'zh', 'Example ISP'],
    ['ip_to_country', '192.168.1.1', 'zh', 'intranet'],
    ['ip_to_provider', '127.0.0.1', 'zh', 'intranet'],
    ['ipv6_to_city', 'fd00::1', 'zh', 'intranet'],
    ['ip_to_geo', '10.0.0.1', 'zh', ''],
    ['ip_to_city', 'not an address', 'zh', ''],
    ['ip_to_city', '', 'zh', ''],
  ])('%s(%j, %s) is %j', (name, ip, language, wanted) => {
    const files = new DataFiles(databases());
    expect(call(files, name, ip, language)).toBe(wanted);
    // From what is kept, too.
    expect(call(files, name, ip, language)).toBe(wanted);
  });

  test('an IPv4 database knows no IPv6', () => {
    const path = write('v4.mmdb', writeMmdb({ '1.2.0.0/16': ISPS['1.0.0.0/8'] }, { ipVersion: 4 }));
    const files = new DataFiles({ ...NO_DATA_FILES, ipDatabases: [path] });
    expect(call(files, 'ip_to_provider', '1.2.3.4', 'zh')).toBe('Example AS');
    expect(call(files, 'ip_to_provider', '2001:db8::1', 'zh')).toBe('');
  });

  test('names may be plain texts', () => {
    const entry = { country: 'DE', country_name: 'Germany', region: 'Bavaria', city: 'Munich' };
    const flat = { '1.2.0.0/16': { ...entry, latitude: '48.1', longitude: '11.5', as_name: 'X' } };
    const path = write('flat.mmdb', writeMmdb(flat, { databaseType: 'other' }));
    const files = new DataFiles({ ...NO_DATA_FILES, ipDatabases: [path] });
    const all = ['country', 'country_code', 'province', 'city', 'geo', 'provider'];
    expect(all.map((name) => call(files, `ip_to_${name}`, '1.2.3.4', 'zh'))).toEqual([
      'Germany',
      'DE',
      'Bavaria',
      'Munich',
      '48.1,11.5',
      'X',
    ]);
  });

  test('any text is an answer', () => {
    const files = new DataFiles(databases());
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
    fc.assert(
      fc.property(texts, (text) => {
        for (const name of ['ip_to_country', 'ipv6_to_provider', 'ip_to_geo'])
          expect(typeof call(files, name, text, 'zh')).toBe('string');
      }),
    );
  });

  test('other languages are refused', () => {
    expect(() => call(new DataFiles(databases()), 'ip_to_city', '1.2.3.4', 'fr')).toThrow(
      "names are in 'zh' or 'en', not 'fr'",
    );
  });

  const whole = writeMmdb(CITIES);
  test.each([
    ['nothing', Buffer.alloc(0), 'not in the maxmind db format'],
    ['text', Buffer.from('network,country\n'), 'not in the maxmind db format'],
    ['the first half', whole.subarray(0, whole.length / 2), 'not in the maxmind db format'],
    ['no metadata', whole.subarray(0, whole.lastIndexOf('MaxMind.com') + 11), 'damaged'],
    ['a hole in front', whole.subarray(100), 'damaged'],
    ['another version', writeMmdb(CITIES, { formatVersion: 3 }), 'its format has version 3, not 2'],
  ])('%s is refused', (_what, bytes, message) => {
    expect(() => new IpDatabase(bytes)).toThrow(message);
  });

  test('damaged entries are found when it is opened', () => {
    const entries = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [`${i * 4}.0.0.0/8`, CITIES['1.2.3.0/24']]),
    );
    const bytes = writeMmdb(entries);
    bytes.fill(0xff, bytes.indexOf('iso_code'), bytes.lastIndexOf('iso_code'));
    expect(() => new IpDatabase(bytes)).toThrow('an entry cannot be read');
  });
});

describe('lists', () => {
  const text =
    '# known\n\n203.0.113.0/24\r\n2001:db8::/32\nEvil.example.\nhttp://Bad.example/a?b#c\n';
  const list = new ThreatList(Buffer.from(text));

  test('threats by address, domain and url', () => {
    expect(
      ['203.0.113.7', '2001:db8::9', '::ffff:203.0.113.7'].map((ip) => list.hasIp(ip)),
    ).toEqual([true, true, true]);
    expect(['203.0.114.7', 'evil.example', ''].map((ip) => list.hasIp(ip))).toEqual([
      false,
      false,
      false,
    ]);
    const domains = [
      'evil.example',
      'a.b.EVIL.example',
      'evil.example.',
      'notevil.example',
      'example',
    ];
    expect(domains.map((name) => list.hasDomain(name))).toEqual([true, true, true, false, false]);
    const urls = [
      'http://bad.example/a?b',
      'HTTP://bad.EXAMPLE/a?b#d',
      'http://bad.example/a',
      'x',
    ];
    expect(urls.map((url) => list.hasUrl(url))).toEqual([true, true, false, false]);
  });

  test('a wrong line is told', () => {
    expect(() => new ThreatList(Buffer.from('a.example\nb c\n'))).toThrow('line 2 is no address');
  });

  test('phone numbers by their longest prefix', () => {
    const csv = '\uFEFFprefix,province,city,carrier\n138,北京,,移动\r\n1381234,"浙江",杭州,移动\n';
    const phones = new PhonePrefixes(Buffer.from(csv));
    expect(phones.find('13812345678')).toEqual({ province: '浙江', city: '杭州', carrier: '移动' });
    expect(phones.find('8613800000000')?.province).toBe('北京');
    expect(phones.find('+86 13812345678')?.city).toBe('杭州');
    expect(
      ['15012345678', '13', '', 'x138', '138'.repeat(40)].map((one) => phones.find(one)),
    ).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  test.each(['a\nb,c,d,e', '138,x', '1,2,3,4,5'])('%j is no table of prefixes', (csv) => {
    expect(() => new PhonePrefixes(Buffer.from(csv))).toThrow(
      'is not prefix,province,city,carrier',
    );
  });
});

describe('files', () => {
  test.each([
    ['ip_to_city', ['1.2.3.4', 'zh'], 'ip_to_city needs an ip database', '--ip-database'],
    ['ipv6_to_provider', ['::1', 'zh'], 'ipv6_to_provider needs an ip database', '--ip-database'],
    ['security_check_url', ['x'], 'security_check_url needs a list of threats', '--threat-list'],
    ['mobile_city', ['138'], 'mobile_city needs a database of phone numbers', '--phone-database'],
  ])('without one %s names the option', (name, values, message, option) => {
    try {
      call(new DataFiles(NO_DATA_FILES), name, ...values);
      expect.unreachable();
    } catch (error) {
      expect(errorCode(error)).toBe('ParameterInvalid');
      expect(String(error)).toContain(message);
      expect(String(error)).toContain(option);
    }
  });

  test('a database of providers tells no places', () => {
    const [, asn = ''] = databases().ipDatabases;
    const files = new DataFiles({ ...NO_DATA_FILES, ipDatabases: [asn] });
    expect(call(files, 'ip_to_provider', '1.2.3.4', 'zh')).toBe('Example AS');
    expect(() => call(files, 'ip_to_city', '1.2.3.4', 'zh')).toThrow('an ip database of places');
  });

  test('the check at the start counts bytes and names the file that is wrong', () => {
    const threatList = write('threats.txt', 'evil.example\n');
    const phoneDatabase = write('phones.csv', '138,a,b,c\n');
    expect(checkDataFiles({ ipDatabases: [], threatList, phoneDatabase })).toBe(23);
    const missing = join(directory, 'missing.mmdb');
    for (const path of [missing, threatList]) {
      try {
        checkDataFiles({ ...NO_DATA_FILES, ipDatabases: [path] });
        expect.unreachable();
      } catch (error) {
        expect(errorCode(error)).toBe('ConfigInvalid');
        expect(String(error)).toContain(path);
      }
    }
  });

  test('a replaced file is read again, a damaged one is not used', () => {
    const path = write('replaced.txt', 'first.example\n');
    const files = new DataFiles({ ...NO_DATA_FILES, threatList: path });
    const has = (name: string): unknown => call(files, 'security_check_domain', name);
    const replace = (content: string): void => renameSync(write('new.txt', content), path);
    expect(files.refresh()).toBe(0);
    expect([has('first.example'), has('second.example')]).toEqual([1n, 0n]);
    replace('second.example\n');
    expect(files.refresh()).toBe(1);
    expect([has('first.example'), has('second.example')]).toEqual([0n, 1n]);
    expect(files.refresh()).toBe(1);
    replace('not an entry\n');
    expect(files.refresh()).toBe(1);
    expect(has('second.example')).toBe(1n);
    rmSync(path);
    expect(files.refresh()).toBe(1);
    expect(has('second.example')).toBe(1n);
    replace('third.example\n');
    expect(files.refresh()).toBe(2);
    expect(has('third.example')).toBe(1n);
  });
});
