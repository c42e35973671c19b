import { describe, expect, it } from 'vitest';
import type { Logstore } from '#meta/catalog-types.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { decodeScrubLine, encodeScrubLine, scrubLines, type ScrubLine } from './scrub-lines.ts';
import type { ScrubFinding, ScrubOptions, ScrubReport } from './scrub-report.ts';

const FINDING: ScrubFinding = {
  kind: 'index',
  logstoreId: 'abc',
  shardId: 1,
  file: 'abc/1/x.idx',
  what: 'the checksum of block 3 is wrong',
  repaired: false,
};

function reportOf(findings: readonly ScrubFinding[]): ScrubReport {
  return { findings, checkedBytes: 10, segmentCount: 2, recordCount: 3, durationMs: 4 };
}

const LOGSTORES = [{ id: 'abc', projectName: 'demo', logstoreName: 'app' }] as Logstore[];

function linesOf(
  scrub: (options: ScrubOptions) => Promise<ScrubReport>,
  options: { readonly signal?: AbortSignal; readonly clock?: MemoryClock } = {},
): AsyncGenerator<ScrubLine, void, void> {
  const clock = options.clock ?? new MemoryClock();
  return scrubLines(
    { repair: true, signal: options.signal },
    { scrubber: { scrub }, catalog: { allLogstores: async () => LOGSTORES }, clock },
  );
}

async function collect(lines: AsyncIterable<ScrubLine>): Promise<ScrubLine[]> {
  return await Array.fromAsync(lines);
}

describe('lines of a scrub', () => {
  it('are its findings with the names of their logstores, and a summary', async () => {
    const foreign: ScrubFinding = { ...FINDING, logstoreId: 'gone', kind: 'orphan' };
    const repaired: ScrubFinding = { ...FINDING, kind: 'rows', repaired: true };
    const lines = await collect(
      linesOf(async ({ repair, onFinding }) => {
        expect(repair).toBe(true);
        const findings = [FINDING, foreign, repaired];
        for (const finding of findings) onFinding?.(finding);
        return reportOf(findings);
      }),
    );
    expect(lines).toEqual([
      { kind: 'finding', finding: FINDING, projectName: 'demo', logstoreName: 'app' },
      { kind: 'finding', finding: foreign },
      { kind: 'finding', finding: repaired, projectName: 'demo', logstoreName: 'app' },
      {
        kind: 'summary',
        checkedBytes: 10,
        segmentCount: 2,
        recordCount: 3,
        durationMs: 4,
        findingCount: 3,
        repairedCount: 1,
        damageCount: 1,
      },
    ]);
  });

  it('tell the newest progress once an interval, also when there is none', async () => {
    const clock = new MemoryClock();
    const end = Promise.withResolvers<ScrubReport>();
    let tell: ScrubOptions['onProgress'];
    const lines = linesOf(
      ({ onProgress }) => {
        tell = onProgress;
        return end.promise;
      },
      { clock },
    );
    const next = async (): Promise<unknown> => {
      const coming = lines.next();
      await clock.advance(1000);
      return (await coming).value;
    };
    expect(await next()).toMatchObject({ kind: 'progress', checkedBytes: 0 });
    for (const checkedBytes of [5, 7])
      tell?.({ checkedBytes, totalBytes: 9, segmentCount: 1, recordCount: 2 });
    expect(await next()).toEqual({
      kind: 'progress',
      checkedBytes: 7,
      totalBytes: 9,
      segmentCount: 1,
      recordCount: 2,
    });
    end.resolve(reportOf([]));
    expect(await collect(lines)).toMatchObject([{ kind: 'summary', findingCount: 0 }]);
  });

  it('throw what the scrub throws', async () => {
    await expect(
      collect(
        linesOf(async () => {
          throw new Error('the disk is gone');
        }),
      ),
    ).rejects.toThrow('the disk is gone');
  });

  it('end the scrub when nobody reads on, and wait for its end', async () => {
    let ended = false;
    const lines = linesOf(async ({ signal, onFinding }) => {
      onFinding?.(FINDING);
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      ended = true;
      throw signal?.reason;
    });
    for await (const line of lines) {
      expect(line.kind).toBe('finding');
      break;
    }
    expect(ended).toBe(true);
  });

  it('end with the reason of the signal', async () => {
    const stop = new AbortController();
    const lines = linesOf(
      async ({ signal }) => {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        throw signal?.reason;
      },
      { signal: stop.signal },
    );
    const all = collect(lines);
    stop.abort(new Error('the client went away'));
    await expect(all).rejects.toThrow('the client went away');
  });

  it('count findings that a slow reader has no room for', async () => {
    const many = Array.from({ length: 10_050 }, (_, shardId) => ({ ...FINDING, shardId }));
    const lines = await collect(
      linesOf(async ({ onFinding }) => {
        for (const finding of many) onFinding?.(finding);
        return reportOf(many.slice(0, 9000));
      }),
    );
    expect(lines.filter((line) => line.kind === 'finding')).toHaveLength(10_000);
    expect(lines.at(-1)).toMatchObject({ findingCount: 10_050, damageCount: 10_050 });
  });
});

describe('a line', () => {
  it('is read back as it was written', () => {
    const lines: readonly ScrubLine[] = [
      { kind: 'finding', finding: FINDING, projectName: 'demo', logstoreName: 'app' },
      { kind: 'error', errorCode: 'ServerBusy', errorMessage: 'the server is stopping' },
    ];
    for (const line of lines) expect(decodeScrubLine(encodeScrubLine(line))).toEqual(line);
  });

  it('of a kind that is not known is passed over', () => {
    expect(decodeScrubLine('{"kind":"weather","text":"rain"}')).toBeUndefined();
    expect(decodeScrubLine('\n')).toBeUndefined();
  });

  it('that is damaged is an error', () => {
    expect(() => decodeScrubLine('<html>')).toThrow('not json');
    expect(() => decodeScrubLine('{"kind":"progress"}')).toThrow('cannot read');
    expect(() => decodeScrubLine('7')).toThrow('cannot read');
  });
});
