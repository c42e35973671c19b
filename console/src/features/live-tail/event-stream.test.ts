import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStream } from './event-stream.ts';

const TEXT = [
  ': tailing\n\n',
  'event: logs\ndata: [{"a":"1: 2"}]\n\n',
  ': nothing new\n\n',
  'event: dropped\r\ndata: {"reason":"rate",\r\ndata: "count":3}\r\n\r\n',
  'id: 7\ndata:plain\n\n',
  'event: logs\ndata: unfinished',
].join('');

const EVENTS = [
  { event: 'logs', data: '[{"a":"1: 2"}]' },
  { event: 'dropped', data: '{"reason":"rate",\n"count":3}' },
  { event: '', data: 'plain' },
];

describe('a stream of events', () => {
  test('gives the events that are complete, without comments', () => {
    expect(new EventStream().push(TEXT)).toEqual(EVENTS);
  });

  test('may be cut anywhere', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: TEXT.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (places) => {
        const stream = new EventStream();
        const bounds = [0, ...places.toSorted((a, b) => a - b), TEXT.length];
        const pieces = bounds.slice(1).map((end, i) => TEXT.slice(bounds[i], end));
        expect(pieces.flatMap((piece) => stream.push(piece))).toEqual(EVENTS);
      }),
    );
  });
});
