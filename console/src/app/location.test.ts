import { describe, expect, test } from 'vitest';
import { parseLocation, printLocation, START_LOCATION } from './location.ts';
import type { ConsoleLocation } from './location.ts';

function roundTrip(location: ConsoleLocation): ConsoleLocation {
  const url = new URL(printLocation(location), 'http://host');
  return parseLocation(url.pathname, url.search);
}

describe('location', () => {
  test('everything comes back from its address', () => {
    const location: ConsoleLocation = {
      project: 'my-project',
      logstore: 'a_b',
      query: 'a:"x & y" and 中 | select "q" +1\nfrom log',
      mode: 'tail',
      range: { kind: 'absolute', from: 1_700_000_000, to: 1_700_000_900 },
      newestFirst: false,
      view: 'table',
      columns: ['a,b', '__tag__:h'],
      chart: 'pie',
      explain: true,
    };
    expect(roundTrip(location)).toEqual(location);
    expect(roundTrip(START_LOCATION)).toEqual(START_LOCATION);
    expect(roundTrip({ ...START_LOCATION, project: 'p' })).toEqual({
      ...START_LOCATION,
      project: 'p',
    });
  });

  test('a broken link is read as far as it goes', () => {
    expect(parseLocation('/console/search/p/%E0%A4%A', '?range=x&view=y&chart=z')).toEqual({
      ...START_LOCATION,
      project: 'p',
    });
    expect(parseLocation('/console/elsewhere', '')).toEqual(START_LOCATION);
  });
});
