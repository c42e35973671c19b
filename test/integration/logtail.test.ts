/**
 * Goal: every line of every file arrives once, in order, whatever happens to the files and to the server. Method: the
 * real agent over real files, against a receiver that verifies signatures and decodes what it gets.
 */
import {
  appendFile,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import { makeBench, numbered, until, type Bench } from './logtail-agent.ts';
import { type LogtailPeer, PEER_KEY } from './logtail-peer.ts';

let bench: Bench;
let peer: LogtailPeer;

beforeEach(async () => {
  bench = await makeBench();
  peer = bench.peer;
});

afterEach(async () => {
  await bench.end();
});

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const arrived = (count: number): { what: string } => ({ what: `${count} lines` });
async function expectLines(lines: readonly string[]): Promise<void> {
  await until(() => peer.lines.length >= lines.length, {
    what: `${lines.length} lines, ${peer.lines.length} are there`,
  });
  expect(peer.lines).toEqual(lines);
}

describe('growth', () => {
  test('lines arrive once, in order, with their tags', async () => {
    const path = join(bench.logs, 'app.log');
    const lines = numbered('a', 0, 300);
    await writeFile(path, text(lines.slice(0, 100)));
    bench.start(bench.config({ input: { topic: 'web', tags: { env: 'test' } } }));
    await until(() => peer.lines.length === 100, arrived(100));
    for (const line of lines.slice(100)) await appendFile(path, `${line}\n`);
    await expectLines(lines);
    const { group, target } = must(peer.received[0], 'a group');
    expect(target).toBe('test-project/lines');
    expect(group.topic).toBe('web');
    expect(group.source).toBe('10.0.0.1');
    const tags = new Map(group.tags.map(({ key, value }) => [key, value]));
    expect(tags.get('__path__')).toBe(path);
    expect(tags.get('__hostname__')).toBe('test-host');
    expect(tags.get('env')).toBe('test');
    expect(tags.get('__pack_id__')).toMatch(/^[0-9A-F]{16}-0$/u);
    const packs = peer.received.map(
      (each) =>
        must(
          each.group.tags.find(({ key }) => key === '__pack_id__'),
          'id',
        ).value,
    );
    expect(packs).toEqual(
      packs.map((_, index) => `${packs[0]?.slice(0, 16)}-${index.toString(16).toUpperCase()}`),
    );
  });

  test('empty lines, carriage returns, invalid utf-8 and text of other encodings pass unchanged', async () => {
    const bytes = Buffer.concat([
      Buffer.from('first\n\n\r\nsecond\r\n\ufeffbom\n'),
      Buffer.from([0xff, 0xfe, 0x41, 0x0a, 0xc4, 0xe3, 0x0a]),
      Buffer.from('last 中文\n'),
    ]);
    await writeFile(join(bench.logs, 'a.log'), bytes);
    bench.start();
    await expectLines([
      'first',
      '',
      '\r',
      'second\r',
      '\ufeffbom',
      '\ufffd\ufffdA',
      '\ufffd\ufffd',
      'last 中文',
    ]);
  });

  test('a last line without newline comes after the flush timeout, its late newline adds nothing', async () => {
    const path = join(bench.logs, 'a.log');
    await writeFile(path, 'one\ntw');
    bench.start(bench.config({ limits: { flushTimeoutMs: 1500 } }));
    await until(() => peer.lines.length === 1, { ...arrived(1), graceMs: 50 });
    await appendFile(path, 'o');
    await until(() => peer.lines.length === 2, arrived(2));
    expect(peer.lines).toEqual(['one', 'two']);
    await appendFile(path, '\n');
    await sleep(100);
    await appendFile(path, 'three\n');
    await expectLines(['one', 'two', 'three']);
  });

  test('a line written in two parts is one line', async () => {
    const path = join(bench.logs, 'a.log');
    await writeFile(path, 'be');
    bench.start();
    await sleep(150);
    await appendFile(path, 'gin');
    await sleep(150);
    await appendFile(path, ' end\n');
    await expectLines(['begin end']);
  });

  test('a line longer than a batch is cut at a character, marked, and the next one is whole', async () => {
    const long = '中'.repeat(600_000);
    await writeFile(join(bench.logs, 'a.log'), `before\n${long}\nafter\n`);
    const agent = bench.start();
    await until(() => peer.lines.at(-1) === 'after', { what: 'the line after' });
    expect(peer.lines[0]).toBe('before');
    expect(peer.lines.slice(1, -1).join('')).toBe(long);
    expect(peer.lines.length).toBe(6);
    const parts = peer.received.flatMap((each) =>
      each.group.logs.map((log) => log.contents.find(({ key }) => key === '__part__')?.value),
    );
    expect(parts).toEqual([undefined, '1', '2', '3', '4', undefined]);
    expect(agent.status().alarms.map((alarm) => alarm.type)).toContain('SPLIT_LOG_FAIL_ALARM');
  });

  test('binary, compressed and excluded files are left alone', async () => {
    await writeFile(join(bench.logs, 'binary.log'), Buffer.from([1, 2, 0, 3, 10, 4, 10]));
    await writeFile(join(bench.logs, 'old.log.gz'), 'no\n');
    await writeFile(join(bench.logs, 'skip.log'), 'no\n');
    await mkdir(join(bench.logs, 'private'));
    await writeFile(join(bench.logs, 'private/x.log'), 'no\n');
    await mkdir(join(bench.logs, 'a/b'), { recursive: true });
    await writeFile(join(bench.logs, 'a/b/yes.log'), 'yes\n');
    await symlink(join(bench.logs, 'a'), join(bench.logs, 'a/b/loop'));
    await symlink(join(bench.logs, 'a/b/yes.log'), join(bench.logs, 'same.log'));
    const agent = bench.start(
      bench.config({ input: { exclude: ['skip.log', join(bench.logs, 'private')] } }),
    );
    // Files come in any order, so the other one may be looked at after the line has arrived.
    const isTold = (): boolean =>
      agent.status().alarms.some(({ type }) => type === 'UNEXPECTED_FILE_TYPE_MODE_ALARM');
    await until(isTold, { what: 'the alarm about the binary file' });
    await expectLines(['yes']);
  });

  test('startAt end leaves what was there and takes what comes, also in files made later', async () => {
    const path = join(bench.logs, 'a.log');
    await writeFile(path, 'old\nhalf');
    const agent = bench.start(bench.config({ input: { startAt: 'end' } }));
    await until(() => agent.status().totals.fileCount === 1, { what: 'the file' });
    await appendFile(path, ' line\nnew\n');
    await until(() => peer.lines.length === 2, arrived(2));
    await writeFile(join(bench.logs, 'b.log'), 'whole\n');
    await expectLines(['half line', 'new', 'whole']);
  });

  test('a hole of NULs is crossed and room laid out in advance is waited for', async () => {
    const path = join(bench.logs, 'a.log');
    const handle = await open(path, 'w');
    await handle.write('start\n');
    await handle.truncate(3 << 20);
    bench.start();
    await until(() => peer.lines.length === 1, arrived(1));
    await handle.write('in place\n', 6);
    await until(() => peer.lines.length === 2, arrived(2));
    await handle.write('behind the hole\n', 3 << 20);
    await expectLines(['start', 'in place', 'behind the hole']);
    await handle.close();
  });
});

describe('rotation', () => {
  test('by rename, many generations in quick succession, loses and repeats nothing', async () => {
    const path = join(bench.logs, 'app.log');
    const all: string[] = [];
    bench.start();
    let handle = await open(path, 'a');
    for (let generation = 0; generation < 12; generation++) {
      const lines = numbered(`g${generation}`, 0, 200);
      for (let from = 0; from < 200; from += 50) {
        await handle.write(text(lines.slice(from, from + 50)));
        await sleep(2);
      }
      all.push(...lines);
      for (let old = 20; old > 0; old--)
        await rename(`${path}.${old}`, `${path}.${old + 1}`).catch(() => undefined);
      await rename(path, `${path}.1`);
      const late = `late ${generation}`;
      await handle.write(`${late}\n`);
      all.push(late);
      await handle.close();
      handle = await open(path, 'a');
    }
    await handle.close();
    await until(() => peer.lines.length >= all.length, arrived(all.length));
    expect([...peer.lines].toSorted()).toEqual(all.toSorted());
    const perGeneration = peer.lines.filter((line) => line.startsWith('g7-'));
    expect(perGeneration).toEqual(numbered('g7', 0, 200));
  });

  test('generations made and rotated away between two looks are found', async () => {
    const path = join(bench.logs, 'app.log');
    await writeFile(path, 'first\n');
    bench.start();
    await until(() => peer.lines.length === 1, arrived(1));
    for (let generation = 0; generation < 5; generation++) {
      for (let old = 9; old > 0; old--)
        await rename(`${path}.${old}`, `${path}.${old + 1}`).catch(() => undefined);
      await rename(path, `${path}.1`);
      await writeFile(path, `generation ${generation}\n`);
    }
    const all = ['first', ...[0, 1, 2, 3, 4].map((each) => `generation ${each}`)];
    await until(() => peer.lines.length >= all.length, arrived(all.length));
    // A listing in the middle of a rotation can find a younger one first; each comes once.
    expect(peer.lines.toSorted()).toEqual(all);
  });

  test('the last generation is found although nothing comes after it', async () => {
    const path = join(bench.logs, 'app.log');
    await writeFile(path, 'first\n');
    bench.start();
    await until(() => peer.lines.length === 1, arrived(1));
    await rename(path, `${path}.1`);
    await writeFile(`${path}.2`, 'made and rotated unseen\n');
    await expectLines(['first', 'made and rotated unseen']);
  });

  test('when the pattern matches the rotated names too, nothing comes twice', async () => {
    const path = join(bench.logs, 'app.log');
    const first = numbered('one', 0, 500);
    await writeFile(path, text(first));
    bench.start(bench.config({ input: { paths: [join(bench.logs, 'app.log*')] } }));
    await until(() => peer.lines.length === 500, arrived(500));
    await rename(path, `${path}.1`);
    await writeFile(path, 'two\n');
    await until(() => peer.lines.length === 501, arrived(501));
    await rename(`${path}.1`, `${path}.2`);
    await rename(path, `${path}.1`);
    await writeFile(path, 'three\n');
    await until(() => peer.lines.length === 502, arrived(502));
    await appendFile(`${path}.1`, 'late two\n');
    await expectLines([...first, 'two', 'three', 'late two']);
  });

  test('copy and truncate: what was unread is read from the copy', async () => {
    const path = join(bench.logs, 'app.log');
    const lines = numbered('a', 0, 400);
    await writeFile(path, text(lines.slice(0, 200)));
    bench.start();
    await until(() => peer.lines.length === 200, arrived(200));
    await peer.stop();
    await appendFile(path, text(lines.slice(200, 300)));
    await copyFile(path, `${path}.1`);
    await truncate(path, 0);
    await appendFile(path, text(lines.slice(300)));
    await sleep(300);
    await peer.start();
    await until(() => peer.lines.length >= 400, arrived(400));
    expect([...peer.lines].toSorted()).toEqual(lines.toSorted());
  });

  test('copy and truncate with copies in the pattern, refilled past the old offset', async () => {
    const path = join(bench.logs, 'app.log');
    const agent = bench.start(bench.config({ input: { paths: [join(bench.logs, 'app.log*')] } }));
    const all: string[] = [];
    for (let round = 0; round < 4; round++) {
      const lines = numbered(`r${round}`, 0, 150 + 100 * round);
      await appendFile(path, text(lines));
      all.push(...lines);
      await until(() => peer.lines.length === all.length, arrived(all.length));
      for (let old = 5; old > 0; old--)
        await rename(`${path}.${old}`, `${path}.${old + 1}`).catch(() => undefined);
      await copyFile(path, `${path}.1`);
      await truncate(path, 0);
    }
    await appendFile(path, 'end\n');
    await until(() => peer.lines.includes('end'), { what: 'the end', graceMs: 500 });
    expect(peer.lines).toEqual([...all, 'end']);
    expect(agent.status().totals.truncations).toBeGreaterThan(0);
  });

  test('a file that is deleted while unread is read to its end and let go', async () => {
    const path = join(bench.logs, 'app.log');
    const lines = numbered('a', 0, 20_000);
    await writeFile(path, 'first\n');
    const agent = bench.start();
    await until(() => peer.lines.length === 1, arrived(1));
    await peer.stop();
    await appendFile(path, text(lines));
    await sleep(100);
    await unlink(path);
    await sleep(200);
    expect(agent.status().totals.deletedFiles).toBe(1);
    expect(agent.status().totals.deletedUnreadBytes).toBeGreaterThan(0);
    await peer.start();
    await expectLines(['first', ...lines]);
    await until(() => agent.status().totals.fileCount === 0, { what: 'release' });
  });

  test('delete and create at once, again and again, loses nothing', async () => {
    const path = join(bench.logs, 'app.log');
    const all: string[] = [];
    bench.start();
    for (let round = 0; round < 10; round++) {
      await writeFile(path, `round ${round}\n`);
      all.push(`round ${round}`);
      await until(() => peer.lines.length >= all.length, { ...arrived(all.length), graceMs: 0 });
      await unlink(path);
    }
    await expectLines(all);
  });

  test('a link that is switched: the old target is read to its end, then the new one', async () => {
    const link = join(bench.logs, 'current.log');
    await writeFile(join(bench.directory, 'one'), 'one\n');
    await writeFile(join(bench.directory, 'two'), 'two\n');
    await symlink(join(bench.directory, 'one'), link);
    bench.start();
    await until(() => peer.lines.length === 1, arrived(1));
    await appendFile(join(bench.directory, 'one'), 'more\n');
    await symlink(join(bench.directory, 'two'), `${link}.next`);
    await rename(`${link}.next`, link);
    await expectLines(['one', 'more', 'two']);
  });
});

describe('restart', () => {
  test('goes on where it stopped, with nothing twice', async () => {
    const path = join(bench.logs, 'app.log');
    const lines = numbered('a', 0, 1000);
    await writeFile(path, text(lines.slice(0, 400)));
    const agent = bench.start();
    await until(() => peer.lines.length === 400, arrived(400));
    await agent.stop();
    await appendFile(path, text(lines.slice(400)));
    bench.start();
    await expectLines(lines);
  });

  test('finds what was rotated several times while it was down, oldest first', async () => {
    const path = join(bench.logs, 'app.log');
    await writeFile(path, 'zero\n');
    const agent = bench.start();
    await until(() => peer.lines.length === 1, arrived(1));
    await agent.stop();
    await appendFile(path, 'rest of zero\n');
    for (const name of ['one', 'two', 'three']) {
      await sleep(15);
      for (let old = 5; old > 0; old--)
        await rename(`${path}.${old}`, `${path}.${old + 1}`).catch(() => undefined);
      await rename(path, `${path}.1`);
      await writeFile(path, `${name}\n`);
    }
    bench.start();
    await expectLines(['zero', 'rest of zero', 'one', 'two', 'three']);
  });

  test('sees that a file was truncated while it was down', async () => {
    const path = join(bench.logs, 'app.log');
    await writeFile(path, text(numbered('old', 0, 50)));
    const agent = bench.start();
    await until(() => peer.lines.length === 50, arrived(50));
    await agent.stop();
    await copyFile(path, `${path}.1`);
    await appendFile(`${path}.1`, 'only in the copy\n');
    await truncate(path, 0);
    const fresh = numbered('new', 0, 200);
    await appendFile(path, text(fresh));
    bench.start();
    await expectLines([...numbered('old', 0, 50), 'only in the copy', ...fresh]);
  });

  test('a file made while it was down starts at 0 although the input starts at the end', async () => {
    const config = bench.config({ input: { startAt: 'end' } });
    await writeFile(join(bench.logs, 'a.log'), 'old\n');
    const agent = bench.start(config);
    await until(() => agent.status().totals.fileCount === 1, { what: 'the file' });
    await agent.stop();
    await sleep(10);
    await writeFile(join(bench.logs, 'b.log'), 'born later\n');
    bench.start(config);
    await expectLines(['born later']);
  });

  test('a damaged checkpoint falls back to the one before; two damaged ones mean reading again', async () => {
    const path = join(bench.logs, 'app.log');
    await writeFile(path, 'one\n');
    const first = bench.start();
    await until(() => peer.lines.length === 1, { ...arrived(1), graceMs: 300 });
    await first.stop();
    await writeFile(join(bench.state, 'checkpoint'), Buffer.alloc(500));
    await appendFile(path, 'two\n');
    const second = bench.start();
    await expectLines(['one', 'two']);
    expect(second.status().alarms.map((alarm) => alarm.type)).toContain('CHECKPOINT_ALARM');
    await second.stop();
    await writeFile(join(bench.state, 'checkpoint'), 'x');
    await writeFile(join(bench.state, 'checkpoint.previous'), '');
    for (const name of await readdir(bench.state))
      if (name.startsWith('acks.')) await writeFile(join(bench.state, name), 'x');
    bench.start();
    await expectLines(['one', 'two', 'one', 'two']);
  });

  test('two agents cannot share a state folder', async () => {
    await writeFile(join(bench.logs, 'a.log'), 'one\n');
    bench.start();
    await until(() => peer.lines.length === 1, arrived(1));
    const second = bench.start();
    await expect(second.run()).rejects.toMatchObject({ code: 'StateInUse' });
  });
});

describe('server faults', () => {
  test('down for a while, with rotation meanwhile: everything arrives once, memory is bounded', async () => {
    const path = join(bench.logs, 'app.log');
    await peer.stop();
    const agent = bench.start(bench.config({ limits: { inFlightBytes: 2 << 20 } }));
    const all: string[] = [];
    for (let generation = 0; generation < 4; generation++) {
      const lines = numbered(`g${generation}`, 0, 20_000);
      await appendFile(path, text(lines));
      all.push(...lines);
      await sleep(150);
      await rename(path, `${path}.${generation}`);
    }
    expect(agent.status().totals.inFlightBytes).toBeLessThan(4 << 20);
    await peer.start();
    await until(() => peer.lines.length >= all.length, arrived(all.length));
    expect(peer.lines).toEqual(all);
  });

  test('errors of every kind are tried again until the server takes the batch', async () => {
    const answers = [
      { store: false, status: 500, code: 'InternalServerError' },
      { store: false, status: 503, code: 'ServerBusy' },
      { store: false, status: 403, code: 'WriteQuotaExceed' },
      { store: false, status: 502 },
      { store: false, cut: true },
      { store: false, status: 200, withoutRequestId: true },
    ];
    peer.react = () => answers.shift() ?? { store: true };
    const lines = numbered('a', 0, 10);
    await writeFile(join(bench.logs, 'a.log'), text(lines));
    const agent = bench.start();
    await expectLines(lines);
    const { totals } = agent.status();
    expect(totals).toMatchObject({
      requests: 7,
      quotaErrors: 1,
      serverErrors: 4,
      networkErrors: 1,
      sentLogs: 10,
    });
  });

  test('a request that is never answered is given up and sent again', async () => {
    let hung = 0;
    peer.react = () => (hung++ === 0 ? { store: false, hang: true } : { store: true });
    await writeFile(join(bench.logs, 'a.log'), 'one\n');
    bench.start(bench.config({ limits: { requestTimeoutMs: 200 } }));
    await expectLines(['one']);
  });

  test('an answer lost after the store repeats nothing', async () => {
    let count = 0;
    peer.react = () => ({ store: true, cut: count++ % 2 === 0 });
    const lines = numbered('a', 0, 300);
    await writeFile(join(bench.logs, 'a.log'), lines.map((line) => `${line}\n`).join(''));
    bench.start(bench.config({ limits: { batchLogs: 50 } }));
    await expectLines(lines);
    expect(peer.repeats).toBeGreaterThan(0);
  });

  test('an answer lost with the agent and its checkpoint: it goes on where the server is, in other batches', async () => {
    const path = join(bench.logs, 'a.log');
    const lines = numbered('a', 0, 500);
    await writeFile(path, text(lines.slice(0, 10)));
    const first = bench.start();
    await expectLines(lines.slice(0, 10));
    await first.stop();
    const before = await readFile(join(bench.state, 'checkpoint'));
    await appendFile(path, text(lines.slice(10, 250)));
    peer.react = (received) => ({
      store: true,
      cut: received.lines.includes(lines[149] ?? ''),
    });
    const second = bench.start(bench.config({ limits: { batchLogs: 70 } }));
    await expectLines(lines.slice(0, 250));
    await second.stop();
    peer.react = () => ({ store: true });
    await rm(bench.state, { recursive: true });
    await mkdir(bench.state);
    await writeFile(join(bench.state, 'checkpoint'), before);
    await appendFile(path, text(lines.slice(250)));
    bench.start(bench.config({ limits: { batchLogs: 90 } }));
    await expectLines(lines);
    expect(peer.repeats).toBeGreaterThan(1);
  });

  test('a refused log among lines that the server has is set aside once, and nothing is repeated', async () => {
    const lines = [...numbered('a', 0, 40), 'refuse me', ...numbered('b', 0, 40)];
    let count = 0;
    peer.react = (received) =>
      received.lines.includes('refuse me')
        ? { store: false, status: 400, code: 'PostBodyInvalid' }
        : { store: true, cut: count++ % 2 === 0 };
    await writeFile(join(bench.logs, 'a.log'), lines.map((line) => `${line}\n`).join(''));
    bench.start();
    await expectLines(lines.filter((line) => line !== 'refuse me'));
    const letters = await readFile(join(bench.state, 'dead-letter.jsonl'), 'utf8');
    expect(letters.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a missing logstore holds its own input only; it arrives when the logstore is made', async () => {
    let made = false;
    peer.react = (received) =>
      received.target.endsWith('/later') && !made
        ? { store: false, status: 404, code: 'LogStoreNotExist' }
        : { store: true };
    await writeFile(join(bench.logs, 'a.log'), 'a\n');
    await writeFile(join(bench.logs, 'b.txt'), 'b\n');
    const base = bench.config();
    const [input] = base['inputs'] as Record<string, unknown>[];
    const agent = bench.start({
      ...base,
      inputs: [
        input,
        { ...input, name: 'later', paths: [join(bench.logs, '*.txt')], logstore: 'later' },
      ],
    });
    await until(() => peer.lines.length === 1, arrived(1));
    expect(peer.lines).toEqual(['a']);
    expect(agent.status().alarms.map((alarm) => alarm.subject)).toContain('test-project/later');
    made = true;
    await expectLines(['a', 'b']);
  });

  test('a refused log is found by halving and kept in the dead-letter file, the others arrive', async () => {
    peer.react = (received) =>
      received.lines.some((line) => line.includes('poison'))
        ? { store: false, status: 400, code: 'PostBodyInvalid', message: 'no' }
        : { store: true };
    const lines = [...numbered('a', 0, 37), 'poison ü', ...numbered('b', 0, 50)];
    await writeFile(join(bench.logs, 'a.log'), text(lines));
    const agent = bench.start();
    await expectLines(lines.filter((line) => line !== 'poison ü'));
    const letters = (await readFile(join(bench.state, 'dead-letter.jsonl'), 'utf8'))
      .trim()
      .split('\n');
    expect(letters).toHaveLength(1);
    const letter = JSON.parse(letters[0] ?? '') as {
      log: { contents: { base64: string }[] };
      code: string;
    };
    expect(letter.code).toBe('PostBodyInvalid');
    expect(Buffer.from(letter.log.contents[0]?.base64 ?? '', 'base64').toString()).toBe('poison ü');
    expect(agent.status().totals.refusedLogs).toBe(1);
  });

  test('a clock that is far off is corrected from the answer', async () => {
    peer.clockOffsetMs = 3_600_000;
    await writeFile(join(bench.logs, 'a.log'), 'one\n');
    bench.start();
    await expectLines(['one']);
    expect(peer.refusedSignatures).toBe(1);
  });

  test('a key that is replaced is read again without a restart', async () => {
    const keyFile = join(bench.directory, 'key.json');
    const writeKey = async (secret: string): Promise<void> => {
      await writeFile(keyFile, JSON.stringify({ ...PEER_KEY, accessKeySecret: secret }), {
        mode: 0o600,
      });
    };
    await writeKey(PEER_KEY.accessKeySecret);
    const { accessKeyId, accessKeySecret, ...rest } = bench.config();
    expect([accessKeyId, accessKeySecret]).toEqual(Object.values(PEER_KEY));
    bench.start({ ...rest, accessKeyFile: keyFile });
    peer.secret = 'another secret';
    await writeFile(join(bench.logs, 'a.log'), 'one\n');
    await until(() => peer.refusedSignatures > 0, { what: 'a refusal' });
    await writeKey('another secret');
    await expectLines(['one']);
  });

  test('version 1 signatures are accepted too', async () => {
    await writeFile(join(bench.logs, 'a.log'), 'one\n');
    bench.start(bench.config({ root: { signature: 'v1' } }));
    await expectLines(['one']);
  });

  test('stops within its time while the server hangs, and the next start repeats nothing that was stored', async () => {
    await writeFile(join(bench.logs, 'a.log'), 'one\n');
    let hang = false;
    peer.react = () => (hang ? { store: false, hang: true } : { store: true });
    const agent = bench.start(bench.config({ limits: { stopMs: 300 } }));
    await until(() => peer.lines.length === 1, arrived(1));
    hang = true;
    await appendFile(join(bench.logs, 'a.log'), 'two\n');
    await until(() => peer.requests === 2, { what: 'the second request' });
    const before = Date.now();
    await agent.stop();
    expect(Date.now() - before).toBeLessThan(2000);
    hang = false;
    bench.start();
    await expectLines(['one', 'two']);
  });
});

describe('status', () => {
  test('the status file says what is followed and acknowledged, and holds no secret', async () => {
    await writeFile(join(bench.logs, 'a.log'), 'one\ntwo\n');
    const agent = bench.start();
    await expectLines(['one', 'two']);
    await agent.stop();
    const status = await readFile(join(bench.state, 'status.json'), 'utf8');
    expect(JSON.parse(status)).toMatchObject({
      version: 1,
      totals: { sentLogs: 2, fileCount: 1, lagBytes: 0 },
      files: [{ path: join(bench.logs, 'a.log'), ackedOffset: 8, sizeBytes: 8, lagBytes: 0 }],
    });
    expect(status).not.toContain(PEER_KEY.accessKeySecret);
    await expect(stat(join(bench.state, 'agent.lock'))).rejects.toMatchObject({ code: 'ENOENT' });
    await rm(join(bench.logs, 'a.log'));
  });
});
